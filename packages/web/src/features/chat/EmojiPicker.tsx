import { type KeyboardEvent, type RefObject, useId, useLayoutEffect, useRef, useState } from 'react'
import { useLanguage } from '../../lib/words/use-words.ts'
import { classNames } from '../../ui/class-names.ts'
import { useRoving } from '../../ui/roving.ts'
import { type Emoji, findEmoji, toned } from './emoji.ts'
import { useMoreWords } from './more-words.ts'
import { recentEmoji, rememberEmoji } from './recent-emoji.ts'
import { chooseTone, chosenTone } from './skin-tone.ts'
import { ToneChoice } from './ToneChoice.tsx'
import { useEmoji } from './use-emoji.ts'

/** How many stand side by side; the arrows up and down go by so many. */
const COLUMNS = 8
/** Most found at once. */
const MOST = 96
const RECENT = -1
/** The groups of the data, without the loose parts of other signs. */
const groups = [0, 1, 3, 4, 5, 6, 7, 8, 9] as const

/** Every emoji there is, by group and by name. One stop for Tab each: the field, the groups, the signs. */
export function EmojiPicker({ onPick }: { onPick: (sign: string) => void }) {
  const words = useMoreWords()
  const id = useId()
  const all = useEmoji(useLanguage(), true)
  const [recent] = useState(recentEmoji)
  const [group, setGroup] = useState<number>(recent.length > 0 ? RECENT : 0)
  const [query, setQuery] = useState('')
  const [tone, setTone] = useState(chosenTone)
  const field = useRef<HTMLInputElement>(null)
  const grid = useRef<HTMLDivElement>(null)
  // At once: a frame later it would be taken from whoever has gone on to the signs.
  useLayoutEffect(() => field.current?.focus(), [])
  const list = Array.isArray(all) ? pickShown(all, query, group, recent, tone) : []
  const pick = (sign: string) => {
    rememberEmoji(sign)
    onPick(sign)
  }
  const name = query ? words.emojiFound(list.length) : words.emojiGroups[group === RECENT ? 'recent' : group]
  return (
    <div className="w-74 max-w-full">
      <input
        ref={field}
        type="search"
        autoComplete="off"
        aria-label={words.searchEmoji}
        placeholder={words.searchEmoji}
        aria-controls={id}
        className="h-10 w-full rounded-[10px] border border-line-strong/70 bg-surface px-3 text-base outline-none placeholder:text-faint focus:border-wood pointer-coarse:h-11"
        onInput={(event) => setQuery(event.currentTarget.value.trim())}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return
          if (event.key === 'ArrowDown') grid.current?.querySelector('button')?.focus()
          else if (event.key === 'Enter' && list[0]) pick(list[0].sign)
          else return
          event.preventDefault()
        }}
      />
      {!query && <Groups group={group} hasRecent={recent.length > 0} panel={id} onGroup={setGroup} />}
      <p role="status" className={query ? 'px-1 pt-2 text-[0.8125rem] text-soft' : 'sr-only'}>
        {all === 'failed' ? words.emojiFailed : all === 'loading' ? words.looking : query && name}
      </p>
      <Signs id={id} box={grid} label={name} list={list} onPick={pick} onUp={() => field.current?.focus()} />
      <ToneChoice
        tone={tone}
        onTone={(next) => {
          chooseTone(next)
          setTone(next)
        }}
      />
    </div>
  )
}

function pickShown(
  all: readonly Emoji[],
  query: string,
  group: number,
  recent: readonly string[],
  tone: number,
): readonly Emoji[] {
  const inTone = (emoji: Emoji): Emoji => ({ ...emoji, sign: toned(emoji, tone) })
  if (query) return findEmoji(all, query.replace(/^:|:$/g, ''), MOST).map(inTone)
  if (group !== RECENT) return all.filter((each) => each.group === group).map(inTone)
  // What was picked in another tone stays in it.
  return recent.flatMap((sign) => {
    const emoji = all.find((each) => each.sign === sign || each.tones?.includes(sign))
    return emoji ? [{ ...emoji, sign }] : []
  })
}

interface GroupsProps {
  group: number
  hasRecent: boolean
  panel: string
  onGroup: (group: number) => void
}

const faces: Record<number, string> = {
  [RECENT]: '🕘',
  0: '😀',
  1: '👋',
  3: '🐶',
  4: '🍎',
  5: '🚗',
  6: '⚽',
  7: '💡',
  8: '❤️',
  9: '🏁',
}

function Groups({ group, hasRecent, panel, onGroup }: GroupsProps) {
  const words = useMoreWords()
  const box = useRef<HTMLDivElement>(null)
  const roving = useRoving(box, { items: '[role=tab]', axis: 'x', onMove: (tab) => tab.click() })
  return (
    <div ref={box} role="tablist" aria-label={words.emojiKinds} className="mt-1 flex" onKeyDown={roving.onKeyDown}>
      {[...(hasRecent ? [RECENT] : []), ...groups].map((each) => (
        <button
          key={each}
          type="button"
          role="tab"
          tabIndex={each === group ? 0 : -1}
          aria-selected={each === group}
          aria-controls={panel}
          aria-label={words.emojiGroups[each === RECENT ? 'recent' : each]}
          title={words.emojiGroups[each === RECENT ? 'recent' : each]}
          className={classNames(
            'grid h-9 min-w-0 flex-1 place-items-center rounded-[9px] font-emoji text-base',
            each === group ? 'bg-wood-tint' : 'opacity-75 hover:bg-ink/6 hover:opacity-100',
          )}
          onClick={() => onGroup(each)}
        >
          {faces[each]}
        </button>
      ))}
    </div>
  )
}

interface SignsProps {
  id: string
  box: RefObject<HTMLDivElement | null>
  label: string | undefined
  list: readonly Emoji[]
  onPick: (sign: string) => void
  /** From the first row further up. */
  onUp: () => void
}

function Signs({ id, box, label, list, onPick, onUp }: SignsProps) {
  const roving = useRoving(box, { items: 'button', axis: 'x' })
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key]
    if (step === undefined) return roving.onKeyDown(event)
    const signs = roving.all()
    const next = signs.indexOf(document.activeElement as HTMLElement) + step
    if (next < 0) onUp()
    else roving.go(signs[Math.min(next, signs.length - 1)])
    event.preventDefault()
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of buttons, no part of a form.
    <div
      ref={box}
      id={id}
      role="group"
      aria-label={label}
      className="mt-1 grid h-56 grid-cols-8 content-start overflow-y-auto overscroll-contain"
      onKeyDown={onKeyDown}
    >
      {list.map(({ sign, label, names }, index) => (
        <button
          key={sign}
          type="button"
          tabIndex={index === 0 ? 0 : -1}
          aria-label={label}
          title={names[0] ? `${label} :${names[0]}:` : label}
          className="grid h-9 place-items-center rounded-[9px] font-emoji text-[1.375rem]/none hover:bg-wood-tint focus-visible:bg-wood-tint focus-visible:outline-offset-[-2px]"
          onClick={() => onPick(sign)}
        >
          {sign}
        </button>
      ))}
    </div>
  )
}
