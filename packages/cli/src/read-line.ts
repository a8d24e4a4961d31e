/** What a typed line asks for. */
export type Line =
  | { kind: 'nothing' | 'quit' | 'help' | 'who' | 'older' | 'pins' }
  | { kind: 'name'; name: string }
  /** Of a message by its number; without one, of the last one that it can be. */
  | { kind: 'reply' | 'edit'; seq: number | undefined; text: string }
  | { kind: 'delete' | 'pin' | 'unpin'; seq: number | undefined }
  | { kind: 'poll'; question: string; options: string[] }
  /** Choices count from 1; none asks how the poll stands, and undefined is something else than numbers. */
  | { kind: 'vote'; seq: number | undefined; choices: number[] | undefined }
  | { kind: 'me' | 'msg'; text: string }
  | { kind: 'search'; query: string }
  | { kind: 'send'; path: string; text: string }
  | { kind: 'save'; seq: number | undefined; path: string | undefined }
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
  const after = text.slice(command.length).trimStart()
  switch (command) {
    case '/quit':
    case '/help':
    case '/who':
    case '/older':
    case '/pins':
      return { kind: command.slice(1) as 'quit' | 'help' | 'who' | 'older' | 'pins' }
    case '/name':
      return { kind: 'name', name: rest.join(' ') }
    case '/reply':
    case '/edit': {
      const [, number, words = ''] = /^(?:#(\d{1,15})(?:\s+|$))?(.*)$/s.exec(after) ?? []
      return {
        kind: command.slice(1) as 'reply' | 'edit',
        seq: number === undefined ? undefined : Number(number),
        text: words,
      }
    }
    case '/delete':
    case '/pin':
    case '/unpin': {
      // A number alone: whatever else stands there was not meant for this.
      const [, number] = /^#(\d{1,15})$/.exec(after) ?? []
      return {
        kind: command.slice(1) as 'delete' | 'pin' | 'unpin',
        seq: number === undefined ? undefined : Number(number),
      }
    }
    case '/poll': {
      const [question = '', ...options] = after.split('|').map((part) => part.trim())
      return { kind: 'poll', question, options: options.filter((option) => option !== '') }
    }
    case '/vote': {
      const [, number, typed = ''] = /^(?:#(\d{1,15})(?:\s+|$))?(.*)$/s.exec(after) ?? []
      const choices = typed === '' ? [] : typed.split(/[\s,]+/)
      return {
        kind: 'vote',
        seq: number === undefined ? undefined : Number(number),
        choices: choices.every((choice) => /^[1-9]\d?$/.test(choice)) ? choices.map(Number) : undefined,
      }
    }
    case '/me':
    case '/msg':
      return { kind: command.slice(1) as 'me' | 'msg', text: after }
    case '/search':
      return { kind: 'search', query: after }
    case '/send': {
      const { path = '', rest: words } = readPath(after)
      return { kind: 'send', path, text: words }
    }
    case '/save': {
      const [, number, where = ''] = /^(?:#(\d{1,15})(?:\s+|$))?(.*)$/s.exec(after) ?? []
      return { kind: 'save', seq: number === undefined ? undefined : Number(number), path: readPath(where).path }
    }
    default:
      return { kind: 'unknown', command }
  }
}

/** A path with spaces stands in quotes, or each space behind a backslash: as terminals write a file that is dropped on them. */
function readPath(text: string): { path: string | undefined; rest: string } {
  const [, double, single, plain, rest = ''] =
    /^(?:"([^"]*)"|'([^']*)'|((?:\\[\s"'()&]|\S)+))\s*(.*)$/s.exec(text) ?? []
  return { path: double ?? single ?? plain?.replace(/\\([\s"'()&])/g, '$1'), rest }
}
