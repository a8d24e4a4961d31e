import { AppError, type Hit } from '@maru/protocol'
import { Fragment, type ReactNode, useEffect, useRef, useState } from 'react'
import { Button } from '../../ui/Button.tsx'
import { Field } from '../../ui/Field.tsx'
import { Unbroken } from '../../ui/Unbroken.tsx'
import type { Desk } from './desk.ts'
import { Found } from './Found.tsx'
import { marked } from './marked.ts'
import { useMoreWords } from './more-words.ts'

/** How long nobody types before it is looked for. */
const PAUSE_MS = 250

type Result = { hits: readonly Hit[]; hasOlder: boolean } | SearchState | undefined
type SearchState = 'looking' | 'failed' | 'bad' | (typeof operators)[number]

/** Parts of a search that can be wrong by themselves. */
const operators = ['from', 'has', 'before', 'after'] as const

/** Finds what was said, as one types; the newest first. */
export function SearchMessages({ desk, onDone }: { desk: Desk; onDone: () => void }) {
  const words = useMoreWords()
  const [query, setQuery] = useState(() => desk.begun.state())
  const { result, more } = useSearch(desk, query)
  return (
    <>
      <Field
        label={words.searchFor}
        name="query"
        type="search"
        autoComplete="off"
        hint={<Unbroken text={words.searchHint} />}
        autoFocus
        defaultValue={desk.begun.state()}
        onInput={(event) => setQuery(event.currentTarget.value.trim())}
      />
      <p role="status" className="pt-3 text-sm text-soft">
        {typeof result === 'object' && words.hits(result.hits.length, result.hasOlder)}
        {typeof result === 'string' && <Unbroken text={words.searchStates[result]} />}
      </p>
      {typeof result === 'object' && (
        <>
          <ul className="-mx-3">
            {result.hits.map(({ message, marks }) => (
              <Found
                key={message.seq}
                message={message}
                onGo={() => {
                  onDone()
                  void desk.jump(message.seq)
                }}
              >
                {showMarked(message.text, marks)}
              </Found>
            ))}
          </ul>
          {result.hasOlder && (
            <Button size="small" className="mt-2 w-full" onClick={more}>
              {words.moreHits}
            </Button>
          )}
        </>
      )}
    </>
  )
}

function showMarked(text: string, marks: Hit['marks']): ReactNode {
  return marked(text, marks).map((part, index) =>
    part.isHit ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change places.
      <mark key={index} className="rounded-[4px] bg-wood-tint px-0.5 font-semibold text-wood">
        {part.text}
      </mark>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a text never change places.
      <Fragment key={index}>{part.text}</Fragment>
    ),
  )
}

function whatFailed(error: unknown): SearchState {
  if (!(error instanceof AppError && error.code === 'query_bad')) return 'failed'
  return operators.find((operator) => operator === error.field) ?? 'bad'
}

function useSearch(desk: Desk, query: string) {
  const [result, setResult] = useState<Result>()
  const asked = useRef('')
  const look = async (before?: { hits: readonly Hit[] }) => {
    asked.current = query
    const last = before?.hits.at(-1)?.message.seq
    try {
      const page = await desk.client.ask<'search'>({
        type: 'search',
        query,
        ...(last !== undefined && { before: last }),
      })
      if (asked.current === query) setResult({ hits: [...(before?.hits ?? []), ...page.hits], hasOlder: page.hasOlder })
    } catch (error) {
      if (asked.current === query) setResult(whatFailed(error))
    }
  }
  const latest = useRef(look)
  latest.current = look
  useEffect(() => {
    asked.current = query
    if (query === '') return setResult(undefined)
    setResult((shown) => (typeof shown === 'object' ? shown : 'looking'))
    const timer = setTimeout(() => void latest.current(), PAUSE_MS)
    return () => clearTimeout(timer)
  }, [query])
  return { result, more: () => typeof result === 'object' && void look(result) }
}
