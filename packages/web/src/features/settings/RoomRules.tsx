import { everyMember, type RoomClient } from '@maru/client'
import { limits, type Member, type Retention } from '@maru/protocol'
import { type FormEvent, useEffect, useId, useState } from 'react'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import { Field } from '../../ui/Field.tsx'
import { Select } from '../../ui/Select.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { Section } from './Section.tsx'
import { TakeRoom } from './TakeRoom.tsx'
import { useSettingsWords } from './use-settings-words.ts'

const choices = ['all', 'joined', 'days', 'none'] as const
const FEW_DAYS = 30
const box = 'h-12 rounded-[14px] border-[1.5px] border-line-strong/70'

/** What an owner decides for everybody: how long is kept what is said, and who is an owner too. Others read it. */
export function RoomRules({ client }: { client: RoomClient }) {
  const words = useSettingsWords()
  const { chat } = useWords()
  const isOwner = useStore(client, (state) => state.me?.owner === true)
  const retention = useStore(client, (state) => state.retention)
  return (
    <Section title={words.room}>
      <p className="text-soft">
        {chat.kept(retention)} {!isOwner && words.ownerDecides}
      </p>
      {isOwner && <Keep client={client} retention={retention} />}
      {isOwner && <Owners client={client} />}
      <TakeRoom client={client} />
    </Section>
  )
}

function Keep({ client, retention }: { client: RoomClient; retention: Retention }) {
  const words = useSettingsWords()
  const id = useId()
  const [keep, setKeep] = useState(retention.keep)
  const [error, setError] = useState<string>()
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const days = Number(new FormData(event.currentTarget).get('days') ?? FEW_DAYS)
    if (!Number.isInteger(days) || days < 1 || days > limits.retentionDays) return setError(words.daysBad)
    setError(undefined)
    try {
      await client.ask<'setRetention'>({
        type: 'setRetention',
        retention: keep === 'days' ? { keep, days } : { keep },
      })
      toast(words.kept)
    } catch {
      toast(words.failed)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="grid gap-3">
      <div className="grid gap-1.5">
        <label htmlFor={id} className="text-sm font-semibold">
          {words.keep}
        </label>
        <Select
          id={id}
          value={keep}
          className={box}
          onChange={(event) => setKeep(event.currentTarget.value as Retention['keep'])}
        >
          {choices.map((choice) => (
            <option key={choice} value={choice}>
              {words.keepChoices[choice]}
            </option>
          ))}
        </Select>
      </div>
      {keep === 'days' && (
        <Field
          label={words.days}
          name="days"
          type="number"
          min={1}
          max={limits.retentionDays}
          defaultValue={retention.keep === 'days' ? retention.days : FEW_DAYS}
          error={error}
        />
      )}
      {(keep === 'days' || keep === 'none') && <p className="text-sm text-clay-ink">{words.keepWarning}</p>}
      <Button type="submit" size="small" className="justify-self-start">
        {words.saveKeep}
      </Button>
    </form>
  )
}

function Owners({ client }: { client: RoomClient }) {
  const words = useSettingsWords()
  const [members, setMembers] = useState<readonly Member[]>()
  useEffect(() => {
    let isWanted = true
    everyMember(client).then(
      (answer) => isWanted && setMembers(answer),
      () => isWanted && setMembers([]),
    )
    return () => {
      isWanted = false
    }
  }, [client])
  const others = (members ?? []).filter(({ owner }) => !owner)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const chosen = String(new FormData(event.currentTarget).get('member') ?? '')
    const member = others.find(({ id }) => id === chosen)
    if (!member) return
    try {
      await client.ask<'makeOwner'>({ type: 'makeOwner', member: member.id })
      setMembers(members?.map((each) => (each === member ? { ...each, owner: true } : each)))
      toast(words.owned(member.name))
    } catch {
      toast(words.failed)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)} className="grid gap-2">
      <p className="text-sm font-semibold">{words.owners}</p>
      <p className="text-sm text-soft">{words.ownersText}</p>
      {members && others.length === 0 && <p className="text-sm text-soft">{words.nobodyElse}</p>}
      {others.length > 0 && (
        <div className="flex flex-wrap items-center gap-2">
          <Select name="member" required aria-label={words.choosePerson} boxClassName="flex-1 basis-44" className={box}>
            <option value="">{words.choosePerson}</option>
            {others.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </Select>
          <Button type="submit" size="small">
            {words.makeOwner}
          </Button>
        </div>
      )}
    </form>
  )
}
