import { type RefObject, useEffect, useId, useLayoutEffect, useMemo, useState } from 'react'
import { useLanguage } from '../../lib/words/use-words.ts'
import { classNames } from '../../ui/class-names.ts'
import { complete, findTrigger, type Suggestion, type Trigger } from './completion.ts'
import type { Desk } from './desk.ts'
import { useMoreWords } from './more-words.ts'
import { suggest } from './suggest.ts'
import { useEmoji } from './use-emoji.ts'

interface CompletionProps {
  desk: Desk
  field: RefObject<HTMLTextAreaElement | null>
  /** What a key does while something is suggested; set from here. */
  takeKey: RefObject<((event: KeyboardEvent) => boolean) | undefined>
  /** Nothing stands in the field. It empties itself when a message is sent, of which it tells nobody. */
  isEmpty: boolean
  onText: (text: string) => void
}

/**
 * Suggestions above the field for what is being typed: names, commands, emoji. The focus stays in the field, which tells by
 * `aria-activedescendant` which suggestion is meant.
 */
export function Completion({ desk, field, takeKey, isEmpty, onText }: CompletionProps) {
  const words = useMoreWords()
  const id = useId()
  const { trigger, list, close } = useSuggestions(desk, field, isEmpty)
  const [active, setActive] = useState({ list, at: 0 })
  // Each new list begins at its top.
  const at = active.list === list ? active.at : 0
  const go = (next: number) => setActive({ list, at: (next + list.length) % list.length })

  const choose = (suggestion: Suggestion | undefined) => {
    const area = field.current
    if (!area || !trigger || !suggestion) return
    const done = complete(area.value, area.selectionStart, trigger, suggestion)
    onText(done.text)
    area.setSelectionRange(done.caret, done.caret)
    area.focus()
    close()
  }
  const isOpen = list.length > 0
  useEffect(() => document.getElementById(`${id}-${at}`)?.scrollIntoView({ block: 'nearest' }), [id, at])
  useLayoutEffect(() => {
    takeKey.current = (event) => {
      if (!isOpen || event.isComposing || event.keyCode === 229 || event.ctrlKey || event.metaKey || event.altKey)
        return false
      if (event.key === 'ArrowDown') go(at + 1)
      else if (event.key === 'ArrowUp') go(at - 1)
      else if ((event.key === 'Enter' || event.key === 'Tab') && !event.shiftKey && !isWhole(trigger, list[at]))
        choose(list[at])
      else if (event.key === 'Escape') close()
      else return false
      event.preventDefault()
      return true
    }
    const area = field.current
    area?.setAttribute('aria-autocomplete', 'list')
    if (isOpen) {
      area?.setAttribute('aria-controls', id)
      area?.setAttribute('aria-activedescendant', `${id}-${at}`)
    } else {
      area?.removeAttribute('aria-controls')
      area?.removeAttribute('aria-activedescendant')
    }
    return () => {
      takeKey.current = undefined
    }
  })
  if (!isOpen) return null
  return (
    <div
      id={id}
      role="listbox"
      tabIndex={-1}
      aria-label={words.suggestions}
      className="rise absolute inset-x-0 bottom-full z-20 mb-1.5 max-h-80 overflow-y-auto rounded-[14px] border border-line bg-raised p-1.5 shadow-soft"
    >
      {list.map((suggestion, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the keys are the field's.
        <div
          key={suggestion.id}
          id={`${id}-${index}`}
          role="option"
          aria-selected={index === at}
          className={classNames(
            'flex min-h-9 cursor-pointer items-center gap-3 rounded-[9px] px-3 pointer-coarse:min-h-11',
            index === at && 'bg-wood-tint',
          )}
          onMouseDown={(event) => event.preventDefault()}
          onMouseMove={() => index !== at && go(index)}
          onClick={() => choose(suggestion)}
        >
          {suggestion.sign && (
            <span className="w-6 flex-none text-center font-emoji text-lg/none">{suggestion.sign}</span>
          )}
          <span dir="auto" className="min-w-0 truncate font-semibold">
            {suggestion.label}
          </span>
          {suggestion.hint && (
            <span className="min-w-0 flex-1 truncate text-end text-sm text-soft">{suggestion.hint}</span>
          )}
        </div>
      ))}
    </div>
  )
}

/** What was typed to its end needs no choosing: Return sends or runs it. */
function isWhole(trigger: Trigger | undefined, suggestion: Suggestion | undefined): boolean {
  return suggestion?.insert.slice(1).toLowerCase() === trigger?.query.toLowerCase()
}

/** What is suggested belongs to what stands in the field at that moment: whoever types on and presses Return at once gets nothing older. */
function useSuggestions(desk: Desk, field: RefObject<HTMLTextAreaElement | null>, isEmpty: boolean) {
  const words = useMoreWords()
  const language = useLanguage()
  const [trigger, setTrigger] = useState<Trigger>()
  const emoji = useEmoji(language, trigger?.kind === 'emoji')
  const list = useMemo(
    () => (trigger ? suggest(trigger, desk, words, Array.isArray(emoji) ? emoji : []) : []),
    [trigger, desk, words, emoji],
  )
  useLayoutEffect(() => {
    const area = field.current
    if (!area) return
    const look = () => setTrigger(findTrigger(area.value, area.selectionStart))
    look()
    area.addEventListener('input', look)
    const forget = () => setTrigger(undefined)
    area.addEventListener('blur', forget)
    return () => {
      area.removeEventListener('input', look)
      area.removeEventListener('blur', forget)
    }
  }, [field])
  useLayoutEffect(() => {
    if (isEmpty) setTrigger(undefined)
  }, [isEmpty])
  return { trigger, list, close: () => setTrigger(undefined) }
}
