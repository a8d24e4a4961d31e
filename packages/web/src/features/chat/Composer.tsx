import { limits } from '@maru/protocol'
import ArrowUp from 'lucide-react/icons/arrow-up'
import { type RefObject, useEffect, useId, useRef, useState } from 'react'
import { useWords } from '../../lib/words/use-words.ts'
import { classNames } from '../../ui/class-names.ts'
import { commandIn, composerAction, lengthOf } from './composer-keys.ts'

/** How many signs before the limit the counter shows. */
const NEAR = 200

interface ComposerProps {
  /** Survives the panel being closed and opened. */
  draft: RefObject<string>
  disabled?: boolean
  onSend: (text: string) => void
  onQuit: () => void
}

/**
 * The message field. It keeps its own text, because a field that is written back while an input method composes loses
 * syllables; what is known here is only how long it is.
 */
export function Composer({ draft, disabled, onSend, onQuit }: ComposerProps) {
  const { chat } = useWords()
  const id = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const [length, setLength] = useState(() => lengthOf(draft.current.trim()))
  const left = limits.text - length

  useEffect(() => {
    if (field.current && draft.current) {
      field.current.value = draft.current
      fit(field.current)
    }
  }, [draft])

  const send = () => {
    const area = field.current
    const text = area?.value.trim() ?? ''
    if (!area || text === '' || lengthOf(text) > limits.text) return
    const command = commandIn(text)
    if (disabled && !command) return
    area.value = ''
    draft.current = ''
    setLength(0)
    fit(area)
    if (command === 'quit') onQuit()
    else onSend(text)
  }
  return (
    <form
      className="mx-3 mb-3"
      onSubmit={(event) => {
        event.preventDefault()
        send()
        field.current?.focus()
      }}
    >
      {left <= NEAR && (
        <p
          id={id}
          className={classNames(
            'px-2 pb-1 text-end text-[0.8125rem] tabular-nums',
            left < 0 ? 'font-semibold text-clay-ink' : 'text-soft',
          )}
        >
          {left < 0 ? chat.tooLong(-left) : chat.remaining(left)}
        </p>
      )}
      <div className="flex items-end gap-1 rounded-2xl border-[1.5px] border-line-strong/60 bg-raised p-1 transition focus-within:border-wood focus-within:ring-4 focus-within:ring-wood-tint">
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label={chat.write}
          aria-describedby={left <= NEAR ? id : undefined}
          aria-invalid={left < 0 || undefined}
          placeholder={chat.write}
          data-first-focus={matchMedia('(pointer: fine)').matches ? '' : undefined}
          enterKeyHint="send"
          autoComplete="off"
          className="field-sizing-content max-h-40 min-h-10 min-w-0 flex-1 resize-none bg-transparent px-3 py-2 text-base outline-none placeholder:text-faint pointer-coarse:min-h-11"
          onInput={(event) => {
            draft.current = event.currentTarget.value
            setLength(lengthOf(draft.current.trim()))
            fit(event.currentTarget)
          }}
          onKeyDown={(event) => {
            if (composerAction(event.nativeEvent) !== 'send') return
            event.preventDefault()
            send()
          }}
        />
        <button
          type="submit"
          aria-label={chat.send}
          title={chat.send}
          disabled={length === 0 || left < 0}
          className="grid size-10 flex-none place-items-center rounded-button bg-wood text-wood-ink transition hover:bg-wood-deep disabled:bg-ink/10 disabled:text-faint pointer-coarse:size-11"
        >
          <ArrowUp size={20} aria-hidden="true" />
        </button>
      </div>
    </form>
  )
}

/** Grows with its text where the browser does not do that by itself. */
function fit(area: HTMLTextAreaElement): void {
  if (CSS.supports('field-sizing', 'content')) return
  area.style.height = 'auto'
  area.style.height = `${area.scrollHeight}px`
}
