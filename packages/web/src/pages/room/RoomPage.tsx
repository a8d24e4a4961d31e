import { lazy, Suspense, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { ChatProps } from '../../features/chat/Chat.tsx'
import type { Choices } from '../../features/prejoin/Prejoin.tsx'
import { ConnectionBanner } from '../../features/problems/ConnectionBanner.tsx'
import { useNotify } from '../../lib/notify.ts'
import { remember, remembered } from '../../lib/remembered.ts'
import { navigate } from '../../lib/route.ts'
import { useStore } from '../../lib/store.ts'
import { type Transfer, takeTransfer } from '../../lib/transfer.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { cycleRegions } from '../../ui/regions.ts'
import { SkipLinks } from '../../ui/SkipLinks.tsx'
import { InviteDialog } from './InviteDialog.tsx'
import { PanelAside } from './PanelAside.tsx'
import { RoomHeader } from './RoomHeader.tsx'
import { SettingsDialog } from './SettingsDialog.tsx'
import { Stage } from './Stage.tsx'
import { useAnnouncements } from './use-announcements.ts'
import { useNotifications } from './use-notifications.ts'
import { isWide, lastPanel, usePanel } from './use-panel.ts'
import { useReading } from './use-reading.ts'
import { closedRoom, useRoom } from './use-room.ts'

const MessageBubble = lazy(async () => ({ default: (await import('./MessageBubble.tsx')).MessageBubble }))
const TakeOver = lazy(async () => ({ default: (await import('../../features/settings/TakeOver.tsx')).TakeOver }))

/** Where somebody stands with a room. A room that refuses is told from the client's problem, not from here. */
export type Step = { at: 'prejoin' } | { at: 'call'; choices: Choices } | { at: 'chat' } | { at: 'left' }

/** `/r/NAME`: the room's connection for as long as the page is there, and what of it is in view. */
export function RoomPage({ room }: { room: string }) {
  const { shell } = useWords()
  const [name, setName] = useState(() => remembered('name') ?? '')
  const [step, setStep] = useState<Step>({ at: 'prejoin' })
  const [visit, setVisit] = useState(1)
  const [inviting, setInviting] = useState(false)
  const [setting, setSetting] = useState(false)
  /** Waits for a yes or a no, and meanwhile the room is not entered. */
  const [offered, setOffered] = useState<Transfer | undefined>(takeTransfer)
  const taken = useRef<Transfer>(undefined)
  const { panel, choose, show } = usePanel(null)
  const draft = useRef('')
  const opened = useRoom(room, name, step.at === 'left' || offered ? -1 : visit, taken)
  const closed = useMemo(() => closedRoom(room), [room])
  const client = opened ?? closed
  const given = useStore(client, (state) => state.room)
  const { unread, newFrom } = useReading(given, client, panel === 'chat' || step.at === 'chat')
  useAnnouncements(client)
  useNotifications(given, client)
  const notify = useNotify(given)
  const counted = { all: unread.messages, mentions: unread.mentions, none: 0 }[notify]
  useLayoutEffect(cycleRegions, [])
  useEffect(() => {
    document.title = `${counted > 0 ? `(${counted}) ` : ''}${given} · ${shell.product}`
  }, [counted, given, shell])

  /** The name may have been typed just now, or changed since the room was opened. */
  const enterAs = (typed: string) => {
    const chosen = typed.trim()
    if (!chosen) return
    remember('name', chosen)
    setName(chosen)
    if (!opened || chosen === opened.state().name) return
    // Where the room has refused, only another visit asks again.
    if (opened.state().connection === 'closed') setVisit(visit + 1)
    else void opened.rename(chosen).catch(() => undefined)
  }
  const take = (transfer: Transfer) => {
    taken.current = transfer
    remember('name', transfer.name)
    setName(transfer.name)
    setOffered(undefined)
  }
  const leave = () => {
    show(null)
    setStep({ at: 'left' })
  }
  const go = {
    join: (choices: Choices) => {
      enterAs(choices.name)
      show(lastPanel())
      setStep({ at: 'call', choices })
    },
    chat: (typed?: string) => {
      if (typed) enterAs(typed)
      show(null)
      setStep({ at: 'chat' })
    },
    prejoin: () => {
      if (step.at === 'chat' && !isWide()) show(null)
      setStep({ at: 'prejoin' })
    },
    rename: (typed: string) => {
      enterAs(typed)
      setVisit(visit + 1)
    },
    again: () => {
      setVisit(visit + 1)
      setStep({ at: 'prejoin' })
    },
    home: () => navigate('/'),
    leave,
  }
  const onInvite = () => setInviting(true)
  const onSettings = () => setSetting(true)
  const chat: ChatProps = { client, draft, newFrom, onQuit: leave, onInvite, onSettings }
  const look = step.at === 'call' || step.at === 'chat' ? step.at : 'plain'
  return (
    <div className={`room ${look === 'call' ? '' : 'bg-paper'}`}>
      <SkipLinks links={skipLinks(shell, step, panel)} />
      <RoomHeader
        room={given}
        client={client}
        look={look}
        panel={panel}
        unread={unread}
        onPanel={choose}
        onInvite={onInvite}
        onSettings={onSettings}
        onJoin={go.prejoin}
        onLeave={leave}
      />
      <Stage
        // A name that came along belongs into the field of the page below.
        key={offered ? 'offered' : 'entered'}
        room={given}
        name={name}
        client={client}
        opened={opened !== undefined}
        step={step}
        go={go}
        panel={panel}
        onPanel={choose}
        unread={unread}
        chat={chat}
      />
      {panel !== null && (step.at !== 'chat' || panel === 'people') && (
        <PanelAside panel={panel} chat={chat} onClose={() => choose(null)} />
      )}
      {step.at === 'call' && panel !== 'chat' && (
        <Suspense fallback={null}>
          <MessageBubble client={client} onOpen={() => choose('chat')} />
        </Suspense>
      )}
      {step.at !== 'left' && <ConnectionBanner client={client} inCall={step.at === 'call'} />}
      <InviteDialog open={inviting} onClose={() => setInviting(false)} />
      <SettingsDialog client={client} room={given} open={setting} onClose={() => setSetting(false)} />
      {offered && (
        <Suspense fallback={null}>
          <TakeOver name={offered.name} onYes={() => take(offered)} onNo={() => setOffered(undefined)} />
        </Suspense>
      )}
    </div>
  )
}

function skipLinks(shell: ReturnType<typeof useWords>['shell'], step: Step, panel: string | null) {
  return [
    { to: 'stage', text: shell.skipToStage },
    ...(step.at === 'call' ? [{ to: 'controls', text: shell.skipToControls }] : []),
    ...(panel !== null ? [{ to: 'panel', text: shell.skipToPanel }] : []),
  ]
}
