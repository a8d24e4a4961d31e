import type { Draft } from '@maru/client'
import ArrowUp from 'lucide-react/icons/arrow-up'
import Check from 'lucide-react/icons/check'
import Paperclip from 'lucide-react/icons/paperclip'
import { type KeyboardEvent, lazy, type RefObject, Suspense, useId, useRef, useState } from 'react'
import { createStore, useStore } from '../../lib/store.ts'
import { useLanguage, useWords } from '../../lib/words/use-words.ts'
import { classNames } from '../../ui/class-names.ts'
import type { Attachment } from './attachments.ts'
import { commandIn, composerAction, lengthOf, withEmoji } from './composer-keys.ts'
import { type Desk, lastEditable } from './desk.ts'
import { isText } from './files-in.ts'
import { IntentBar } from './IntentBar.tsx'
import { useAttach } from './use-attach.ts'
import { useIntent } from './use-intent.ts'

const AttachmentBar = lazy(async () => ({ default: (await import('./AttachmentBar.tsx')).AttachmentBar }))
const EmojiButton = lazy(async () => ({ default: (await import('./EmojiButton.tsx')).EmojiButton }))
const Completion = lazy(async () => ({ default: (await import('./Completion.tsx')).Completion }))

/** How many signs before the limit the counter shows. */
const NEAR = 200

interface ComposerProps {
  desk: Desk
  /** Survives the panel being closed and opened. */
  draft: RefObject<string>
  /** Gives whether the field may be emptied. */
  onSend: (draft: Draft) => boolean
  /** The same for what was typed as a command. */
  onCommand: (text: string) => Promise<boolean>
}

/**
 * The message field. It keeps its own text, because a field that is written back while an input method composes loses
 * syllables; what is known here is only how long it is.
 */
export function Composer({ desk, draft, onSend, onCommand }: ComposerProps) {
  const { chat } = useWords()
  const id = useId()
  const barId = useId()
  const field = useRef<HTMLTextAreaElement>(null)
  const limit = useStore(desk.client, (state) => state.limits.text)
  const [length, setLength] = useState(() => lengthOf(draft.current.trim()))
  const left = limit - length
  const write = (text: string) => {
    const area = field.current
    if (!area) return
    area.value = text
    setLength(lengthOf(text.trim()))
    fit(area)
  }
  const intent = useIntent(desk, field, draft, write)
  const editing = intent.kind === 'edit'
  const thread = useStore(desk.thread, (root) => root)
  const files = useStore(desk.attachments, (state) => state)
  const waiting = useStore(files ?? noFiles, (state) => state)
  /** Files on their way go with the message they were chosen for; an edit leaves them be. */
  const maySend = (length: number, waits: readonly Attachment[]) =>
    length <= limit && (editing ? length > 0 : length + waits.length > 0 && !waits.some(isOnItsWay))
  const { attach, take, tellHeld, isOver } = useAttach(desk, field)
  const takeKey = useRef<(event: globalThis.KeyboardEvent) => boolean>(undefined)
  const [completes, setCompletes] = useState(false)
  const typed = (text: string) => {
    if (!editing) draft.current = text
    if (/[@:/]/.test(text)) setCompletes(true)
  }

  const language = useLanguage()
  /** `:tada:` becomes its sign first. Until the names of the signs are there, the text stands still in the field. */
  const send = () => {
    const area = field.current
    if (!area || area.readOnly) return
    const text = area.value.trim()
    const named = withEmoji(text, language)
    if (named === undefined) return deliver(text)
    area.readOnly = true
    void named.then((said) => {
      area.readOnly = false
      deliver(said)
    })
  }
  const deliver = (text: string) => {
    const typedText = field.current?.value.trim()
    const waits = files?.state() ?? []
    if (!editing && waits.some(isOnItsWay)) return void tellHeld(waits)
    if (!maySend(lengthOf(text), waits)) return
    const command = editing ? undefined : commandIn(text)
    if (command !== undefined)
      void onCommand(command).then((isDone) => {
        if (!isDone || field.current?.value.trim() !== typedText) return
        draft.current = ''
        write('')
      })
    else if (onSend({ text, ...(!editing && waits.length > 0 && { files: files?.take() ?? [] }) })) {
      if (!editing) draft.current = ''
      if (editing) desk.intent.set({ kind: 'write' })
      else write('')
    }
  }
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (takeKey.current?.(event.nativeEvent)) return
    const action = composerAction(event.nativeEvent, event.currentTarget.value === '')
    const last = action === 'editLast' && intent.kind === 'write' ? lastEditable(desk) : undefined
    if (action === 'send') send()
    else if (last) desk.intent.set({ kind: 'edit', message: last })
    else if (action === 'cancel' && (intent.kind !== 'write' || intent.to)) desk.intent.set({ kind: 'write' })
    else if (action === 'cancel' && thread !== undefined) desk.closeThread()
    else return
    event.preventDefault()
  }
  const to = intent.kind === 'write' ? intent.to : undefined
  const label = to ? chat.writingTo(to.name) : thread === undefined ? chat.write : chat.writeAnswer
  return (
    <form
      className="relative mx-3 mb-3"
      onSubmit={(event) => {
        event.preventDefault()
        send()
        field.current?.focus()
      }}
    >
      {completes && (
        <Suspense fallback={null}>
          <Completion
            desk={desk}
            field={field}
            takeKey={takeKey}
            isEmpty={length === 0}
            onText={(text) => {
              typed(text)
              write(text)
            }}
          />
        </Suspense>
      )}
      {files && (
        <Suspense fallback={null}>
          <AttachmentBar attachments={files} />
        </Suspense>
      )}
      <IntentBar id={barId} desk={desk} />
      {isOver && (
        <p className="pointer-events-none absolute inset-x-0 bottom-0 z-20 grid min-h-12.5 place-items-center rounded-2xl border-2 border-dashed border-wood bg-wood-tint font-semibold text-wood">
          {chat.dropHere}
        </p>
      )}
      {left <= NEAR && <Counter id={id} left={left} />}
      <div className="flex items-end gap-1 rounded-2xl border-[1.5px] border-line-strong/60 bg-raised p-1 transition focus-within:border-wood focus-within:ring-4 focus-within:ring-wood-tint">
        <label
          title={chat.attach}
          className="grid size-10 flex-none cursor-pointer place-items-center rounded-button text-soft hover:bg-ink/7 hover:text-ink has-focus-visible:outline-2 has-focus-visible:outline-wood pointer-coarse:size-11"
        >
          <Paperclip size={20} aria-hidden="true" />
          <input
            type="file"
            multiple
            aria-label={chat.attach}
            className="sr-only"
            onChange={(event) => {
              attach({ files: [...(event.currentTarget.files ?? [])], hasFolder: false })
              event.currentTarget.value = ''
              field.current?.focus()
            }}
          />
        </label>
        <Suspense fallback={<span className="size-10 flex-none max-xs:hidden pointer-coarse:size-11" />}>
          <EmojiButton field={field} />
        </Suspense>
        <textarea
          ref={field}
          rows={1}
          dir="auto"
          aria-label={label}
          aria-describedby={classNames(intent.kind !== 'write' && barId, left <= NEAR && id) || undefined}
          aria-invalid={left < 0 || undefined}
          placeholder={label}
          data-first-focus={matchMedia('(pointer: fine)').matches ? '' : undefined}
          enterKeyHint="send"
          autoComplete="off"
          className="field-sizing-content max-h-40 min-h-10 min-w-0 flex-1 resize-none bg-transparent px-1.5 py-2 text-base outline-none placeholder:text-faint pointer-coarse:min-h-11"
          onInput={(event) => {
            const text = event.currentTarget.value
            typed(text)
            setLength(lengthOf(text.trim()))
            fit(event.currentTarget)
            if (text !== '' && !editing) desk.client.typing(intent.kind === 'write' ? intent.to?.id : undefined)
          }}
          onPaste={(event) => !isText(event.clipboardData) && take(event.clipboardData) && event.preventDefault()}
          onKeyDown={onKeyDown}
        />
        <button
          type="submit"
          aria-label={editing ? chat.saveEdit : chat.send}
          title={editing ? chat.saveEdit : chat.send}
          disabled={!maySend(length, waiting)}
          className="grid size-10 flex-none place-items-center rounded-button bg-wood text-wood-ink transition hover:bg-wood-deep disabled:bg-ink/10 disabled:text-faint pointer-coarse:size-11"
        >
          {editing ? <Check size={20} aria-hidden="true" /> : <ArrowUp size={20} aria-hidden="true" />}
        </button>
      </div>
    </form>
  )
}

const noFiles = createStore<readonly Attachment[]>([])
const isOnItsWay = ({ state }: Attachment) => state.at !== 'there'

function Counter({ id, left }: { id: string; left: number }) {
  const { chat } = useWords()
  return (
    <p
      id={id}
      className={classNames(
        'px-2 pb-1 text-end text-[0.8125rem] tabular-nums',
        left < 0 ? 'font-semibold text-clay-ink' : 'text-soft',
      )}
    >
      {left < 0 ? chat.tooLong(-left) : chat.remaining(left)}
    </p>
  )
}

/** Grows with its text where the browser does not do that by itself. */
function fit(area: HTMLTextAreaElement): void {
  if (CSS.supports('field-sizing', 'content')) return
  area.style.height = 'auto'
  area.style.height = `${area.scrollHeight}px`
}
