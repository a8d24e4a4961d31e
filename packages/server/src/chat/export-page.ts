/** A room as a page that stands alone: no script, nothing loaded from anywhere, everything that people wrote escaped. */
import type { FileInfo, Line, Member, Message, Poll, Reaction } from '@maru/protocol'
import { escaped } from './escape-html.ts'
import type { ExportedRoom } from './export-room.ts'
import { type Names, plainAsHtml, textAsHtml } from './export-text.ts'

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1c1917;background:#fff;overflow-wrap:anywhere}
h1{margin:0}h2{font-size:.9rem;text-align:center;color:#57534e;margin:2rem 0 .5rem;border-bottom:1px solid #e7e5e4;break-after:avoid}
article{margin:.75rem 0;break-inside:avoid-page}p{margin:.15rem 0;white-space:pre-wrap}a{color:#9a3412}
time,small,.note{color:#57534e;font-size:.85rem}.note{margin:.5rem 0}blockquote{margin:.15rem 0;padding-left:.75rem;border-left:3px solid #d6d3d1;color:#57534e}
ul,ol{margin:.25rem 0;padding-left:1.75rem}code{background:#f5f5f4;border-radius:4px;padding:0 .25rem}pre{background:#f5f5f4;border-radius:8px;padding:.5rem .75rem;margin:.25rem 0;overflow-x:auto;white-space:pre-wrap}
pre code{background:none;padding:0}hr{border:0;border-top:1px solid #d6d3d1}
@media(prefers-color-scheme:dark){body{color:#e7e5e4;background:#1c1917}time,small,.note,h2,blockquote{color:#a8a29e}a{color:#fdba74}code,pre{background:#292524}h2,blockquote,hr{border-color:#44403c}}`

/** A page, piece by piece, in this order: its members, any number at a time, and its lines in theirs. */
export interface RoomPage {
  start: string
  members(some: readonly Member[]): string
  log: string
  line(line: Line): string
  end: string
}

/** What every line needs to know of the page. */
interface Around {
  /** Whom a text can call, by the keys of their names. */
  called(text: string): Names
  day(at: number): string
  clock(at: number): string
}

export function roomPage(room: ExportedRoom, called: Around['called']): RoomPage {
  const { name, topic, exportedAt, zone } = room
  const format = (options: Intl.DateTimeFormatOptions) => {
    const { format } = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone })
    return (at: number) => format(at)
  }
  const around: Around = {
    called,
    day: format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    clock: format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  }
  let shown = ''
  let isFirst = true
  return {
    start: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(name)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1 dir="auto">${escaped(name)}</h1>
${topic ? `<p dir="auto">${plainAsHtml(topic, called(topic))}</p>\n` : ''}<p class="note">As of ${around.day(exportedAt)}, ${around.clock(exportedAt)}. Times are those of ${escaped(zone)}. Members: `,
    members(some) {
      const names = some.map(({ name }) => who(name)).join(', ')
      const before = isFirst ? '' : ', '
      isFirst = false
      return before + names
    },
    log: '</p></header>\n<main>\n',
    line(line) {
      const today = around.day(line.at)
      const heading = today === shown ? '' : `<h2>${today}</h2>\n`
      shown = today
      return heading + (line.kind === 'message' ? message(line, around) : note(line, around))
    },
    end: '</main>\n</body>\n</html>\n',
  }
}

/** Who was forgotten has no name any more. */
const who = (name: string): string => (name === '' ? 'a former member' : `<bdi>${escaped(name)}</bdi>`)
const time = (at: number, { clock }: Around): string =>
  `<time datetime="${new Date(at).toISOString()}">${clock(at)}</time>`

function message(line: Message, around: Around): string {
  const { seq, name, at, to, edited, deleted } = line
  const heading = `<b>${who(name)}</b>${to ? ` <span class="note">to ${who(to.name)} alone</span>` : ''} ${time(at, around)}${edited ? ' <small>edited</small>' : ''}`
  return `<article id="m${seq}">${heading}${deleted ? '<p class="note">This message was deleted.</p>' : body(line, around)}</article>\n`
}

function body({ name, text, action, replyTo, files, poll, reactions }: Message, around: Around): string {
  const said = action
    ? `<p dir="auto"><em>${who(name)} ${plainAsHtml(text, around.called(text))}</em></p>`
    : textAsHtml(text, around.called(text))
  return [
    replyTo
      ? `<blockquote><a href="#m${replyTo.seq}">${who(replyTo.name)}</a> <span dir="auto">${replyTo.deleted ? 'This message was deleted.' : escaped(replyTo.text)}</span></blockquote>`
      : '',
    text ? said : '',
    poll ? ballot(poll) : '',
    files ? `<ul>${files.map(file).join('')}</ul>` : '',
    reactions?.length ? `<small>${reactions.map(reaction).join(' · ')}</small>` : '',
  ].join('')
}

const reaction = ({ emoji, by }: Reaction): string => `${escaped(emoji)} ${by.map(({ name }) => who(name)).join(', ')}`

function file({ name, type, size }: FileInfo): string {
  return `<li><bdi>${escaped(name)}</bdi> <small>${escaped(type)}, ${sizeOf(size)}</small></li>`
}

function sizeOf(bytes: number): string {
  const unit = bytes < 1_000 ? 0 : bytes < 1_000_000 ? 1 : bytes < 1_000_000_000 ? 2 : 3
  const value = bytes / 1_000 ** unit
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${['B', 'kB', 'MB', 'GB'][unit]}`
}

function ballot({ options, votes, closed }: Poll): string {
  const rows = options.map((option, index) => {
    const names = (votes[index] ?? []).map(({ name }) => who(name)).join(', ')
    return `<li><span dir="auto">${escaped(option)}</span> <small>${votes[index]?.length ?? 0}${names && `: ${names}`}</small></li>`
  })
  return `<ul>${rows.join('')}</ul>${closed ? '<small>closed</small>' : ''}`
}

function note(line: Exclude<Line, Message>, around: Around): string {
  return `<p class="note">${time(line.at, around)} ${who(line.name)} ${happened(line)}</p>\n`
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
