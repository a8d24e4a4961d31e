/** What a typed line asks for. */
export type Line =
  | { kind: 'nothing' | 'quit' | 'help' | 'who' | 'older' }
  | { kind: 'name'; name: string }
  | { kind: 'say'; text: string }
  | { kind: 'unknown'; command: string }

/** `{quit}` is how Maru's ancestor was left; it still works. A message may begin with `/` by doubling it. */
export function readLine(line: string): Line {
  const text = line.trim()
  if (text === '') return { kind: 'nothing' }
  if (text === '{quit}') return { kind: 'quit' }
  if (text.startsWith('//')) return { kind: 'say', text: text.slice(1) }
  if (!text.startsWith('/')) return { kind: 'say', text: line }
  const [command = '', ...rest] = text.split(/\s+/)
  switch (command) {
    case '/quit':
    case '/help':
    case '/who':
    case '/older':
      return { kind: command.slice(1) as 'quit' | 'help' | 'who' | 'older' }
    case '/name':
      return { kind: 'name', name: rest.join(' ') }
    default:
      return { kind: 'unknown', command }
  }
}
