import { type JoinChoices, openPreview, type Preview, warmUp } from '@maru/client/call'
import ShieldCheck from 'lucide-react/icons/shield-check'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { remember, remembered } from '../../lib/remembered.ts'
import { useStore } from '../../lib/store.ts'
import { Avatar } from '../../ui/Avatar.tsx'
import { Button } from '../../ui/Button.tsx'
import { Field } from '../../ui/Field.tsx'
import { DeviceSelects } from './DeviceSelects.tsx'
import { PreviewTile } from './PreviewTile.tsx'
import { ProblemNotes } from './ProblemNotes.tsx'
import { usePrejoinWords } from './use-prejoin-words.ts'
import { VoiceLevel } from './VoiceLevel.tsx'

export type Choices = JoinChoices

interface PrejoinProps {
  room: string
  name: string
  /** Who is in the call already; absent as long as nobody knows. */
  people: readonly { identity: string; name: string }[] | undefined
  onJoin: (choices: Choices) => void
  onChatOnly: (name: string) => void
}

const NAME_LENGTH = 40
const NAMES_SHOWN = 3

/** The room before the call: how I look and sound, which devices, and the way in, with or without them. */
export function Prejoin(props: PrejoinProps) {
  const { room, people, onJoin, onChatOnly } = props
  const words = usePrejoinWords()
  const [name, setName] = useState(props.name)
  const [missing, setMissing] = useState(false)
  const field = useRef<HTMLInputElement>(null)
  const preview = usePreview()
  const state = useStore(preview, (value) => value)

  const withName = (enter: (name: string) => void) => {
    const trimmed = name.trim()
    if (trimmed) return enter(trimmed)
    setMissing(true)
    field.current?.focus()
  }
  const withDevices = (event: FormEvent) => {
    event.preventDefault()
    withName((trimmed) => {
      for (const source of ['microphone', 'camera'] as const) {
        remember(source, state[source].wanted ? state[source].device : 'off')
      }
      onJoin(preview.handOver(trimmed))
    })
  }
  const watching = () =>
    withName((trimmed) => {
      preview.close()
      onJoin({ name: trimmed, microphone: false, camera: false })
    })

  return (
    <div className="h-full overflow-y-auto bg-paper">
      <div className="mx-auto grid min-h-full max-w-[1160px] content-center gap-x-14 gap-y-5 px-4 pt-2 pb-8 sm:px-8 lg:grid-cols-[minmax(0,1.25fr)_minmax(320px,.75fr)] lg:grid-rows-[1fr_auto_auto_1fr] lg:pb-14">
        <section className="min-w-0 max-lg:order-2 lg:col-start-2 lg:row-span-4 lg:row-start-1 lg:self-center">
          <h1 className="text-[1.7rem]/tight font-bold tracking-[-0.03em] break-words lg:text-[2.125rem]/tight">
            {room}
          </h1>
          <Present people={people} />
          <form onSubmit={withDevices} noValidate>
            <Field
              ref={field}
              label={words.name}
              placeholder={words.namePlaceholder}
              value={name}
              maxLength={NAME_LENGTH}
              autoComplete="nickname"
              enterKeyHint="go"
              error={missing && !name.trim() ? words.nameMissing : undefined}
              onInput={(event) => setName(event.currentTarget.value)}
            />
            <Button
              type="submit"
              look="go"
              size="large"
              className="mt-4 w-full"
              onPointerEnter={warmUp}
              onFocus={warmUp}
            >
              {words.join}
            </Button>
          </form>
          <div className="mt-2 grid gap-1">
            <Button look="quiet" className="w-full" onClick={watching}>
              {words.watchOnly}
            </Button>
            <Button look="quiet" className="w-full" onClick={() => withName(onChatOnly)}>
              {words.chatOnly}
            </Button>
          </div>
          <p className="mt-4 flex items-start gap-2 text-sm text-soft">
            <ShieldCheck size={16} aria-hidden="true" className="mt-0.5 flex-none" />
            {words.privacy}
          </p>
        </section>
        <section
          aria-label={words.preview}
          className="min-w-0 max-lg:order-1 max-lg:mx-auto max-lg:w-full max-lg:max-w-xl lg:col-start-1 lg:row-start-2"
        >
          <PreviewTile preview={preview} state={state} name={name || '·'} />
          <VoiceLevel microphone={state.microphone} />
          <ProblemNotes state={state} onRetry={() => void preview.retry()} />
        </section>
        <div className="min-w-0 max-lg:order-3 max-lg:mx-auto max-lg:w-full max-lg:max-w-xl lg:col-start-1 lg:row-start-3">
          <DeviceSelects preview={preview} state={state} />
        </div>
      </div>
    </div>
  )
}

function usePreview(): Preview {
  const [preview] = useState(() => {
    const microphone = remembered('microphone')
    const camera = remembered('camera')
    return openPreview({
      microphone: microphone !== 'off' && (microphone ?? true),
      camera: camera !== 'off' && (camera ?? true),
    })
  })
  useEffect(() => () => preview.close(), [preview])
  return preview
}

/** Who is in the call already. Before that is known, because a room is opened under a name, who can be. */
function Present({ people }: Pick<PrejoinProps, 'people'>) {
  const words = usePrejoinWords()
  if (!people || people.length === 0) return <p className={present}>{people ? words.nobodyHere : words.whoCan}</p>
  const shown = people.slice(0, NAMES_SHOWN)
  return (
    <p className={present}>
      <span className="flex flex-none">
        {shown.map((person) => (
          <span key={person.identity} className="-ms-2 rounded-full border-2 border-paper first:ms-0">
            <Avatar id={person.identity} name={person.name} />
          </span>
        ))}
      </span>
      <span className="min-w-0">
        {words.alreadyHere(
          shown.map((person) => person.name),
          people.length - shown.length,
        )}
      </span>
    </p>
  )
}

const present = 'mt-2 mb-5 flex min-h-9 items-center gap-3 text-soft'
