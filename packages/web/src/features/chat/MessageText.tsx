import { type ComponentType, memo, useEffect } from 'react'
import { createStore, useStore } from '../../lib/store.ts'
import { classNames } from '../../ui/class-names.ts'
import { PlainText, type TextProps } from './PlainText.tsx'

/** Signs that mean something in Markdown. A text without them is shown as it is and needs no parser. */
const markup = /[*`~|\\]|(?:^|\W)_|^[ \t]*(?:>|#{1,6}\s|[-+]\s|\d{1,9}[.)]\s|---)|\]\(/m

const rich = createStore<ComponentType<TextProps> | undefined>(undefined)
let asked = false

function loadRich(): void {
  if (asked) return
  asked = true
  import('./RichText.tsx').then(
    (module) => rich.set(module.RichText),
    () => {
      asked = false
    },
  )
}

/** What a message says: never markup of the page, only elements made here. Until the part that knows Markdown is there, as it was typed. */
export const MessageText = memo(({ text, names, me }: TextProps) => {
  const Rich = useStore(rich, (component) => component)
  const isRich = markup.test(text)
  useEffect(() => {
    if (isRich) loadRich()
  }, [isRich])
  if (isRich && Rich) return <Rich text={text} names={names} me={me} />
  return (
    <p
      dir="auto"
      className={classNames('whitespace-pre-wrap break-words', isOnlyEmoji(text) && 'font-emoji text-[2rem]/[1.3]')}
    >
      <PlainText text={text} names={names} me={me} />
    </p>
  )
})

/** One to three emoji and nothing else are shown large. */
function isOnlyEmoji(text: string): boolean {
  return text.length <= 40 && onlyEmoji.test(text)
}

const onlyEmoji =
  /^(?:\p{Extended_Pictographic}(?:\p{M}|\u200d|\ufe0f|\p{Emoji_Modifier}|\p{Extended_Pictographic})*\s?){1,3}$/u
