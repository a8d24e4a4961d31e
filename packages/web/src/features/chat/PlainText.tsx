import { findMentions, type Member, splitLinks } from '@maru/protocol'
import { classNames } from '../../ui/class-names.ts'

export interface TextProps {
  text: string
  /** Who can be called by name in it. */
  names: readonly Member[]
  /** Own member id: a call of oneself is shown stronger. */
  me: string | undefined
}

/** Words, addresses that can be followed, and who is called by name. */
export function PlainText({ text, names, me }: TextProps) {
  return splitLinks(text).map((part, index) => {
    const key = `${index}`
    if (part.href) return <Address key={key} href={part.href} text={part.text} />
    return <Called key={key} text={part.text} names={names} me={me} />
  })
}

export function Address({ href, text, title }: { href: string; text: string; title?: string }) {
  return (
    <a
      href={href}
      title={title}
      target="_blank"
      rel="noopener noreferrer nofollow ugc"
      className="break-all text-wood underline decoration-wood/40 underline-offset-3 hover:decoration-wood"
    >
      {text}
    </a>
  )
}

function Called({ text, names, me }: TextProps) {
  const parts = []
  let end = 0
  for (const mention of findMentions(text, names)) {
    if (mention.start < end) continue
    parts.push(text.slice(end, mention.start))
    const isMe = mention.member === me || mention.member === 'everyone'
    parts.push(
      <b
        key={mention.start}
        className={classNames(
          'rounded-[6px] px-0.75 py-px font-semibold',
          isMe ? 'bg-wood text-wood-ink' : 'bg-wood-tint text-wood',
        )}
      >
        {text.slice(mention.start, mention.end)}
      </b>,
    )
    end = mention.end
  }
  if (parts.length === 0) return text
  return [...parts, text.slice(end)]
}
