/** A room as a page that stands alone: no script, nothing loaded from anywhere, everything that people wrote escaped. Times are UTC. */
import type { FileInfo, Line, Message, Poll } from '@maru/protocol'
import type { ExportedRoom } from './export-room.ts'

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Also what turns the direction of all that follows. */
export function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replace(/[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu, '')
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1c1917;background:#fff}
h1{margin:0}h2{font-size:.9rem;text-align:center;color:#57534e;margin:2rem 0 .5rem}article{margin:.75rem 0}p{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
time,.note,small{color:#57534e;font-size:.85rem}blockquote{margin:0;padding-left:.75rem;border-left:3px solid #d6d3d1;color:#57534e}ul{margin:.25rem 0;padding-left:1.25rem}
@media(prefers-color-scheme:dark){body{color:#e7e5e4;background:#1c1917}time,.note,small,h2,blockquote{color:#a8a29e}}`

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
const clock = (at: number): string => new Date(at).toISOString().slice(11, 16)

export function pageStart({ name, topic, members, exportedAt }: ExportedRoom): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(name)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1 dir="auto">${escaped(name)}</h1>
${topic ? `<p dir="auto">${escaped(topic)}</p>\n` : ''}<p class="note">As of ${day(exportedAt)} ${clock(exportedAt)} UTC. Members: ${members.map(({ name }) => `<bdi>${escaped(name)}</bdi>`).join(', ')}</p></header>
<main>
`
}

export const pageEnd = '</main>\n</body>\n</html>\n'

/** A line below those of `before`, the day that was shown last. */
export function pageLine(line: Line, before: string): { html: string; day: string } {
  const today = day(line.at)
  const heading = today === before ? '' : `<h2>${today}</h2>\n`
  const shown = line.kind === 'message' ? message(line) : note(line)
  return { html: `${heading}${shown}`, day: today }
}

const who = (name: string): string => `<bdi>${escaped(name)}</bdi>`
const time = (at: number): string => `<time datetime="${new Date(at).toISOString()}">${clock(at)}</time>`

function message(line: Message): string {
  const { seq, name, at, text, to, replyTo, edited, deleted, files, poll, reactions } = line
  const heading = `<b>${who(name)}</b>${to ? ` <span class="note">to ${who(to.name)} alone</span>` : ''} ${time(at)}${edited ? ' <small>edited</small>' : ''}`
  const body = deleted
    ? '<p class="note">deleted</p>'
    : [
        replyTo
          ? `<blockquote><a href="#m${replyTo.seq}">${who(replyTo.name)}</a> <span dir="auto">${replyTo.deleted ? 'deleted' : escaped(replyTo.text)}</span></blockquote>`
          : '',
        text ? `<p dir="auto">${escaped(text)}</p>` : '',
        poll ? ballot(poll) : '',
        files ? `<ul>${files.map(file).join('')}</ul>` : '',
        reactions?.length
          ? `<small>${reactions.map(({ emoji, by }) => `${escaped(emoji)} ${by.map((each) => who(each.name)).join(', ')}`).join(' · ')}</small>`
          : '',
      ].join('')
  return `<article id="m${seq}">${heading}${body}</article>\n`
}

function file({ name, type, size }: FileInfo): string {
  return `<li><bdi>${escaped(name)}</bdi> <small>${escaped(type)}, ${size} bytes</small></li>`
}

function ballot({ options, votes, closed }: Poll): string {
  const rows = options.map((option, index) => {
    const names = (votes[index] ?? []).map(({ name }) => who(name)).join(', ')
    return `<li><span dir="auto">${escaped(option)}</span> <small>${votes[index]?.length ?? 0}${names && `: ${names}`}</small></li>`
  })
  return `<ul>${rows.join('')}</ul>${closed ? '<small>closed</small>' : ''}`
}

function note(line: Exclude<Line, Message>): string {
  return `<p class="note">${time(line.at)} ${who(line.name)} ${happened(line)}</p>\n`
}

function happened(line: Exclude<Line, Message>): string {
  switch (line.kind) {
    case 'joined':
      return 'has joined'
    case 'left':
      return 'has left'
    case 'renamed':
      return `was ${who(line.before)} before`
    case 'topic':
      return line.topic ? `set the topic: <span dir="auto">${escaped(line.topic)}</span>` : 'took the topic away'
    case 'retention':
      return `has the room keep ${line.retention.keep === 'days' ? `what is said for ${line.retention.days} days` : { all: 'everything', joined: 'for each what was said since they came', none: 'nothing' }[line.retention.keep]}`
    case 'owner':
      return `made ${who(line.target.name)} an owner`
    case 'pinned':
      return `${line.on ? 'pinned' : 'unpinned'} <a href="#m${line.target}">a message</a>`
  }
}
