import type { RoomClient } from '@maru/client'
import { AppError, readName } from '@maru/protocol'
import { type FormEvent, useState } from 'react'
import { remember } from '../../lib/remembered.ts'
import { useStore } from '../../lib/store.ts'
import { Button } from '../../ui/Button.tsx'
import { Field } from '../../ui/Field.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { Section } from './Section.tsx'
import { useSettingsWords } from './use-settings-words.ts'

export function OwnName({ client }: { client: RoomClient }) {
  const words = useSettingsWords()
  const current = useStore(client, (state) => state.me?.name ?? state.name)
  const [error, setError] = useState<string>()
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    try {
      const name = readName(String(new FormData(event.currentTarget).get('name') ?? ''))
      await client.rename(name)
      remember('name', name)
      setError(undefined)
      const { connection, me } = client.state()
      // The server may give another name than the one asked for; while it is away nobody knows.
      toast(words.named((connection === 'open' && me?.name) || name))
    } catch (problem) {
      if (!(problem instanceof AppError)) throw problem
      setError(words.nameProblems[problem.code] ?? words.failed)
    }
  }
  return (
    <Section title={words.name}>
      <form onSubmit={(event) => void submit(event)} noValidate className="grid gap-3">
        <Field
          label={words.name}
          hideLabel
          name="name"
          defaultValue={current}
          autoComplete="nickname"
          hint={words.nameHint}
          error={error}
        />
        <Button type="submit" size="small" className="justify-self-start">
          {words.saveName}
        </Button>
      </form>
    </Section>
  )
}
