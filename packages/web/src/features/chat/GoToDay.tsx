import type { FormEvent } from 'react'
import { Button } from '../../ui/Button.tsx'
import { Field } from '../../ui/Field.tsx'
import { dayStart } from './day-start.ts'
import type { Desk } from './desk.ts'
import { useMoreWords } from './more-words.ts'

/** Asks for a day and goes to what was said first on it, or after it. */
export function GoToDay({ desk, onDone }: { desk: Desk; onDone: () => void }) {
  const words = useMoreWords()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const at = dayStart(String(new FormData(event.currentTarget).get('day') ?? ''))
    if (at === undefined) return
    onDone()
    void desk.goTo(at)
  }
  return (
    <form onSubmit={submit} className="grid gap-4">
      <Field label={words.day} name="day" type="date" required autoFocus hint={words.dayHint} />
      <Button type="submit" look="go" className="justify-self-end">
        {words.goToDay}
      </Button>
    </form>
  )
}
