import { AppError, readName, readRoomName } from '@maru/protocol'
import Users from 'lucide-react/icons/users'
import { type FormEvent, useState } from 'react'
import { remember, remembered } from '../../lib/remembered.ts'
import { Button } from '../../ui/Button.tsx'
import { Field } from '../../ui/Field.tsx'
import { Aside } from './Aside.tsx'
import { useLandingWords } from './use-landing-words.ts'

/** The start page: a name, a room, and the rooms this browser was in. */
export function Landing({ onOpen }: { onOpen: (room: string) => void }) {
  const landing = useLandingWords()
  return (
    <div className="mx-auto grid w-full grid-cols-1 max-w-[70rem] content-center items-center gap-x-18 gap-y-10 px-5 pt-4 pb-14 sm:px-8 lg:grid-cols-[1.2fr_.8fr] lg:pb-20">
      <div>
        <p className="text-sm font-semibold text-wood">{landing.eyebrow(location.hostname)}</p>
        <h1 className="mt-3.5 mb-4.5 text-[clamp(2.25rem,1.2rem+4.4vw,4rem)]/[1.12] font-[750] tracking-[-0.045em] text-balance">
          {landing.title[0]}
          <br />
          {landing.title[1]}
        </h1>
        <p className="max-w-md text-[clamp(1.0625rem,1rem+.4vw,1.25rem)]/[1.55] text-balance text-soft">
          {landing.lede}
        </p>
        <OpenRoom onOpen={onOpen} />
      </div>
      <Aside onOpen={onOpen} />
    </div>
  )
}

function OpenRoom({ onOpen }: { onOpen: (room: string) => void }) {
  const landing = useLandingWords()
  const [problem, setProblem] = useState<{ field: 'room' | 'name'; code: string }>()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const typed = new FormData(form)
    try {
      const name = String(typed.get('name') ?? '').trim()
      if (name) remember('name', readName(name))
      onOpen(readRoomName(String(typed.get('room') ?? '')))
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      const field = error.field === 'name' ? 'name' : 'room'
      setProblem({ field, code: error.code })
      form.querySelector<HTMLInputElement>(`[name=${field}]`)?.focus()
    }
  }
  const errorOf = (field: 'room' | 'name', texts: Record<string, string>) =>
    problem?.field === field ? texts[problem.code] : undefined
  return (
    <form
      onSubmit={submit}
      noValidate
      className="mt-8 grid gap-3 sm:grid-cols-[minmax(0,.8fr)_minmax(0,1fr)_auto] sm:items-start"
    >
      <Field
        label={landing.name}
        name="name"
        placeholder={landing.namePlaceholder}
        defaultValue={remembered('name') ?? ''}
        autoComplete="nickname"
        maxLength={80}
        error={errorOf('name', landing.nameProblems)}
      />
      <Field
        label={landing.room}
        name="room"
        placeholder={landing.roomPlaceholder}
        autoComplete="off"
        autoCapitalize="none"
        enterKeyHint="go"
        error={errorOf('room', landing.roomProblems)}
      />
      <Button type="submit" look="go" size="large" className="sm:mt-6.75 sm:min-h-13">
        {landing.open}
      </Button>
      <p className="flex items-center gap-2 text-sm text-soft sm:col-span-3">
        <Users size={17} className="flex-none" aria-hidden="true" />
        {landing.same}
      </p>
    </form>
  )
}
