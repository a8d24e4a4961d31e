import { type Block, type Inline, readMarkdown } from '@maru/protocol/markdown'
import { memo, type ReactNode, useMemo } from 'react'
import { CodeBlock } from './CodeBlock.tsx'
import { Address, PlainText, type TextProps } from './PlainText.tsx'

type Around = Pick<TextProps, 'names' | 'me'>

/** A message with Markdown in it, as elements made here one by one: there is no way from a text into the page's own markup. */
export const RichText = memo(({ text, names, me }: TextProps) => {
  const blocks = useMemo(() => readMarkdown(text), [text])
  return (
    <div className="grid min-w-0 grid-cols-1 gap-1.5">
      {blocks.map((block, index) => showBlock(block, `${index}`, { names, me }))}
    </div>
  )
})

const TIGHT = 'whitespace-pre-wrap break-words'

function showBlock(block: Block, key: string, around: Around): ReactNode {
  switch (block.kind) {
    case 'paragraph':
      return (
        <p key={key} dir="auto" className={TIGHT}>
          {showAll(block.inline, around)}
        </p>
      )
    case 'heading':
      return (
        <p key={key} dir="auto" className={`${TIGHT} text-[1.0625rem] font-bold`}>
          {showAll(block.inline, around)}
        </p>
      )
    case 'quote':
      return (
        <blockquote key={key} className="grid gap-1 border-s-3 border-line-strong/50 ps-3 text-soft">
          {block.blocks.map((inner, index) => showBlock(inner, `${index}`, around))}
        </blockquote>
      )
    case 'list':
      return <List key={key} block={block} around={around} />
    case 'code':
      return <CodeBlock key={key} text={block.text} language={block.language} />
    case 'rule':
      return <hr key={key} className="my-1 border-line" />
  }
}

function List({ block, around }: { block: Extract<Block, { kind: 'list' }>; around: Around }) {
  const items = block.items.map((item, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change places.
    <li key={index} className="ps-1">
      {item.map((inner, at) => showBlock(inner, `${at}`, around))}
    </li>
  ))
  if (block.start === undefined) return <ul className="list-disc ps-5">{items}</ul>
  return (
    <ol start={block.start} className="list-decimal ps-7">
      {items}
    </ol>
  )
}

function showAll(inline: Inline[], around: Around): ReactNode {
  return inline.map((part, index) => showInline(part, `${index}`, around))
}

function showInline(part: Inline, key: string, around: Around): ReactNode {
  switch (part.kind) {
    case 'text':
      return <PlainText key={key} text={part.text} {...around} />
    case 'break':
      return <br key={key} />
    case 'strong':
      return <strong key={key}>{showAll(part.inline, around)}</strong>
    case 'emphasis':
      return <em key={key}>{showAll(part.inline, around)}</em>
    case 'struck':
      return <s key={key}>{showAll(part.inline, around)}</s>
    case 'code':
      return (
        <code key={key} className="rounded-[6px] bg-ink/7 px-1 py-px font-mono text-[0.875em] break-words">
          {part.text}
        </code>
      )
    case 'link':
      return <Address key={key} href={part.href} text={part.text} title={part.href} />
  }
}
