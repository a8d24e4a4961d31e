import { Fragment } from 'react'

/** A text whose examples to type, as `before:2026-07-14`, stand on one line each: a browser would break them behind a hyphen. */
export function Unbroken({ text }: { text: string }) {
  return text.split(/(\S*\d-\d\S*)/).map((part, index) =>
    index % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change places.
      <span key={index} className="whitespace-nowrap">
        {part}
      </span>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change places.
      <Fragment key={index}>{part}</Fragment>
    ),
  )
}
