import Smile from 'lucide-react/icons/smile'
import type { RefObject } from 'react'
import { Popover } from '../../ui/Popover.tsx'
import { EmojiPicker } from './EmojiPicker.tsx'
import { useMoreWords } from './more-words.ts'

/** Beside the message field: puts an emoji where the caret is. */
export function EmojiButton({ field }: { field: RefObject<HTMLTextAreaElement | null> }) {
  const words = useMoreWords()
  const put = (sign: string) => {
    const area = field.current
    if (!area) return
    area.setRangeText(sign, area.selectionStart, area.selectionEnd, 'end')
    area.dispatchEvent(new InputEvent('input', { bubbles: true }))
    area.focus()
  }
  return (
    <Popover
      label={words.emoji}
      icon={<Smile size={20} aria-hidden="true" />}
      buttonClassName="grid size-10 flex-none place-items-center rounded-button text-soft hover:bg-ink/7 hover:text-ink max-xs:hidden pointer-coarse:size-11"
    >
      {(close) => (
        <EmojiPicker
          onPick={(sign) => {
            close()
            put(sign)
          }}
        />
      )}
    </Popover>
  )
}
