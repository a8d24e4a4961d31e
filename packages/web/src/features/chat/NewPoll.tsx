import { AppError } from '@maru/protocol'
import { type FormEvent, useState } from 'react'
import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import { Field } from '../../ui/Field.tsx'
import type { Desk } from './desk.ts'
import { useMoreWords } from './more-words.ts'
import { pollOptions } from './poll-options.ts'

/** Asks everybody: a question, an option a line. */
export function NewPoll({ desk, onDone }: { desk: Desk; onDone: () => void }) {
  const words = useMoreWords()
  const { shell, problems } = useWords()
  const [problem, setProblem] = useState<string>()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const typed = new FormData(event.currentTarget)
    const lines = String(typed.get('options') ?? '').split('\n')
    const options = pollOptions(lines.filter((line) => line.trim() !== ''))
    if (!options) return setProblem(words.pollBad)
    try {
      desk.send({
        text: String(typed.get('question') ?? ''),
        poll: { options, multiple: typed.has('multiple') },
      })
      onDone()
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      setProblem(error.code === 'text_empty' ? words.pollNoQuestion : problems.short[error.code])
    }
  }
  return (
    <form onSubmit={submit} noValidate className="grid gap-4">
      <Field
        label={words.question}
        name="question"
        autoComplete="off"
        autoFocus
        defaultValue={desk.begun.state()}
        error={problem}
      />
      <label className="grid gap-1.5 text-sm font-semibold">
        {words.options}
        <textarea
          name="options"
          rows={4}
          dir="auto"
          className="rounded-button border border-line-strong/60 bg-raised px-3.5 py-2.5 text-base font-normal"
        />
      </label>
      <label className="flex min-h-10 items-center gap-2.5">
        <input type="checkbox" name="multiple" className="size-5 accent-wood" />
        {words.chooseMany}
      </label>
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>{shell.cancel}</Button>
        <Button type="submit" look="go">
          {words.startPoll}
        </Button>
      </div>
    </form>
  )
}
