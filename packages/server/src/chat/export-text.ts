/** What a message says as HTML: the shapes that the pages show of Markdown and no others, everything that people wrote escaped. */
import { findMentions, splitLinks } from '@maru/protocol'
import { type Block, type Inline, readMarkdown } from '@maru/protocol/markdown'
import { escaped } from './escape-html.ts'

/** Whom a text can call, by the keys of their names. */
export type Names = ReadonlyMap<string, string>

export function textAsHtml(text: string, names: Names): string {
  return blocks(readMarkdown(text), names)
}

/** On one line, without Markdown: addresses can be followed. */
export function plainAsHtml(text: string, names: Names): string {
  return splitLinks(text)
    .map(({ text, href }) => (href === undefined ? called(text, names) : link(href, text)))
    .join('')
}

function blocks(all: readonly Block[], names: Names): string {
  return all.map((each) => block(each, names)).join('')
}

function block(each: Block, names: Names): string {
  switch (each.kind) {
    case 'paragraph':
      return `<p dir="auto">${inline(each.inline, names)}</p>`
    case 'heading':
      return `<p dir="auto"><strong>${inline(each.inline, names)}</strong></p>`
    case 'quote':
      return `<blockquote>${blocks(each.blocks, names)}</blockquote>`
    case 'list': {
      const items = each.items.map((item) => `<li>${blocks(item, names)}</li>`).join('')
      return each.start === undefined ? `<ul>${items}</ul>` : `<ol start="${each.start}">${items}</ol>`
    }
    case 'code':
      return `<pre dir="ltr"><code>${escaped(each.text)}</code></pre>`
    case 'rule':
      return '<hr>'
  }
}

function inline(parts: readonly Inline[], names: Names): string {
  return parts.map((part) => piece(part, names)).join('')
}

const tags = { strong: 'strong', emphasis: 'em', struck: 's' } as const

function piece(part: Inline, names: Names): string {
  switch (part.kind) {
    case 'text':
      return plainAsHtml(part.text, names)
    case 'break':
      return '<br>'
    case 'code':
      return `<code>${escaped(part.text)}</code>`
    case 'link':
      return link(part.href, part.text)
    default:
      return `<${tags[part.kind]}>${inline(part.inline, names)}</${tags[part.kind]}>`
  }
}

function link(href: string, text: string): string {
  return `<a href="${escaped(href)}" rel="noopener noreferrer nofollow ugc">${escaped(text)}</a>`
}

function called(text: string, names: Names): string {
  let html = ''
  let end = 0
  for (const mention of findMentions(text, names)) {
    if (mention.start < end) continue
    html += `${escaped(text.slice(end, mention.start))}<b>${escaped(text.slice(mention.start, mention.end))}</b>`
    end = mention.end
  }
  return html + escaped(text.slice(end))
}
