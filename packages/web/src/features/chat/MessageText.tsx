import { memo } from 'react'
import { splitLinks } from './links.ts'

/** A message as its writer typed it: text, and addresses that can be followed. Never markup. */
export const MessageText = memo(({ text }: { text: string }) => (
  <p dir="auto" className="whitespace-pre-wrap break-words">
    {splitLinks(text).map((part, index) =>
      part.href ? (
        <a
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change places.
          key={index}
          href={part.href}
          target="_blank"
          rel="noopener noreferrer nofollow ugc"
          className="break-all text-wood underline decoration-wood/40 underline-offset-3 hover:decoration-wood"
        >
          {part.text}
        </a>
      ) : (
        part.text
      ),
    )}
  </p>
))
