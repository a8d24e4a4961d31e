import { Lexer, type MarkedToken, type Token, Tokenizer } from 'marked'
import { splitLinks } from './links.ts'

/** A message as Markdown has it, ready to be shown. Of a text only these shapes can come, whatever is written in it. */
export type Block =
  | { kind: 'paragraph'; inline: Inline[] }
  | { kind: 'heading'; inline: Inline[] }
  | { kind: 'quote'; blocks: Block[] }
  | { kind: 'list'; start: number | undefined; items: Block[][] }
  | { kind: 'code'; text: string; language: string }
  | { kind: 'rule' }

export type Inline =
  | { kind: 'text'; text: string }
  | { kind: 'break' }
  | { kind: 'strong' | 'emphasis' | 'struck'; inline: Inline[] }
  | { kind: 'code'; text: string }
  | { kind: 'link'; href: string; text: string }

/** Deeper than this nothing nests: what is inside is shown as it was written. */
const DEPTH = 12

/** A text nested deeper than this before any parsing is no writing of a person, and parsing it would take long. */
const nested = /^[ \t]*(?:>[ \t]*){20}|(?:\[|!\[|\*\s?|_\s?|`\s?|~){60}/m

/** What Markdown has and a chat does not: pages of HTML, tables, indented code, references that make text disappear. */
class ChatTokenizer extends Tokenizer {
  override html = nothing
  override tag = nothing
  override def = nothing
  override reflink = nothing
  override table = nothing
  override code = nothing
  override lheading = nothing
  override autolink = nothing

  /** Two waves strike through; one belongs to the sentence ("안녕~"). */
  override del(src: string, masked: string, before: string): ReturnType<Tokenizer['del']> {
    return src.startsWith('~~') ? super.del(src, masked, before) : undefined
  }

  /** The same addresses as in plain text, and no others. */
  override url(src: string): ReturnType<Tokenizer['url']> {
    const [first] = splitLinks(src)
    if (!first?.href) return undefined
    return {
      type: 'link',
      raw: first.text,
      text: first.text,
      href: first.href,
      title: undefined,
      tokens: [{ type: 'text', raw: first.text, text: first.text, escaped: false }],
    } as unknown as ReturnType<Tokenizer['url']>
  }
}

function nothing(): undefined {
  return undefined
}

/** Reads a text. Never throws: what cannot be read is one paragraph as it was written. */
export function readMarkdown(text: string): Block[] {
  if (nested.test(text)) return plain(text)
  try {
    const lexer = new Lexer({ gfm: true, breaks: true, tokenizer: new ChatTokenizer() })
    const blocks = blocksOf(lexer.lex(text), 0)
    return blocks.length > 0 ? blocks : plain(text)
  } catch {
    return plain(text)
  }
}

function plain(text: string): Block[] {
  return [{ kind: 'paragraph', inline: [{ kind: 'text', text }] }]
}

function blocksOf(tokens: readonly Token[], depth: number): Block[] {
  return (tokens as MarkedToken[]).flatMap((token): Block[] => {
    if (depth > DEPTH) return plain(token.raw)
    switch (token.type) {
      case 'space':
        return []
      case 'paragraph':
        return [{ kind: 'paragraph', inline: inlineOf(token.tokens, depth + 1) }]
      case 'text':
        return [{ kind: 'paragraph', inline: token.tokens ? inlineOf(token.tokens, depth + 1) : [word(token.text)] }]
      case 'heading':
        return [{ kind: 'heading', inline: inlineOf(token.tokens, depth + 1) }]
      case 'blockquote':
        return [{ kind: 'quote', blocks: blocksOf(token.tokens, depth + 1) }]
      case 'list':
        return [
          {
            kind: 'list',
            start: token.ordered && typeof token.start === 'number' ? token.start : undefined,
            items: token.items.map((item) => [...box(item), ...blocksOf(item.tokens, depth + 1)]),
          },
        ]
      case 'code':
        return [{ kind: 'code', text: token.text, language: (token.lang ?? '').split(/\s/)[0] ?? '' }]
      case 'hr':
        return [{ kind: 'rule' }]
      default:
        return plain(token.raw)
    }
  })
}

/** A box to tick stays what was typed. */
function box({ task, checked }: { task: boolean; checked?: boolean | undefined }): Block[] {
  return task ? plain(checked ? '☑' : '☐') : []
}

const word = (text: string): Inline => ({ kind: 'text', text })

function inlineOf(tokens: readonly Token[] | undefined, depth: number): Inline[] {
  return ((tokens ?? []) as MarkedToken[]).flatMap((token): Inline[] => {
    if (depth > DEPTH) return [word(token.raw)]
    switch (token.type) {
      case 'text':
      case 'escape':
        return 'tokens' in token && token.tokens ? inlineOf(token.tokens, depth + 1) : [word(token.text)]
      case 'strong':
        return [{ kind: 'strong', inline: inlineOf(token.tokens, depth + 1) }]
      case 'em':
        return [{ kind: 'emphasis', inline: inlineOf(token.tokens, depth + 1) }]
      case 'del':
        return [{ kind: 'struck', inline: inlineOf(token.tokens, depth + 1) }]
      case 'codespan':
        return [{ kind: 'code', text: token.text }]
      case 'br':
        return [{ kind: 'break' }]
      case 'link':
      case 'image':
        return linkOf(token)
      default:
        return [word(token.raw)]
    }
  })
}

/**
 * A link with words of its own shows them only if they do not claim another address; a picture is never fetched, only linked to.
 * What leads anywhere but to http(s) stays as it was written.
 */
function linkOf({ raw, href, text }: { raw: string; href: string; text: string }): Inline[] {
  const [only, ...rest] = splitLinks(href)
  if (!only?.href || rest.length > 0) return [word(raw)]
  const claims = /[\w-]+\.[a-z]{2,}|:\/\//i.exec(text.normalize('NFKC'))
  if (claims && text !== href && text !== only.text) return [word(raw)]
  return [{ kind: 'link', href: only.href, text: text.trim() || only.href }]
}
