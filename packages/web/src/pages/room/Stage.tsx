import type { RoomClient } from '@maru/client'
import type { Unread } from '@maru/protocol'
import { lazy, type ReactNode, Suspense, useLayoutEffect } from 'react'
import { Chat, type ChatProps } from '../../features/chat/Chat.tsx'
import type { Choices } from '../../features/prejoin/Prejoin.tsx'
import { ProblemScreen, screenFor } from '../../features/problems/ProblemScreen.tsx'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { focusInside } from '../../ui/regions.ts'
import { fetchTicket } from './fetch-ticket.ts'
import { LeftScreen } from './LeftScreen.tsx'
import type { Step } from './RoomPage.tsx'
import type { Panel } from './use-panel.ts'

// What a chat alone does not need comes when it is needed.
const Prejoin = lazy(async () => ({ default: (await import('../../features/prejoin/Prejoin.tsx')).Prejoin }))
const CallView = lazy(async () => ({ default: (await import('../../features/call/CallView.tsx')).CallView }))

interface StageProps {
  room: string
  name: string
  client: RoomClient
  /** Whether there is a client at all: not before there is a name. */
  opened: boolean
  step: Step
  go: {
    join: (choices: Choices) => void
    chat: (name?: string) => void
    rename: (name: string) => void
    again: () => void
    home: () => void
    leave: () => void
  }
  panel: Panel
  onPanel: (panel: Panel) => void
  unread: Unread
  chat: ChatProps
}

/** The middle of the room page: what the step asks for, or what stands in its way. */
export function Stage(props: StageProps) {
  const { room, name, client, opened, step, go, chat } = props
  const { shell } = useWords()
  const problem = useStore(client, (state) => state.problem)
  const people = useStore(client, (state) => (state.me ? state.call : undefined))
  const blocked = useBlocked(client)
  // A call has its own connection: it goes on while the room is away or open somewhere else.
  if (step.at === 'call') return <Call {...props} choices={step.choices} />
  if (step.at === 'left')
    return (
      <Main>
        <LeftScreen room={room} onAgain={go.again} onHome={go.home} />
        <TakeFocus />
      </Main>
    )
  if (blocked || (step.at === 'chat' && !opened))
    return (
      <Main>
        <ProblemScreen
          screen={blocked ?? 'name'}
          message={problem?.message}
          name={name}
          onRetry={() => (problem && problem.code !== 'replaced' ? go.again() : client.reconnect())}
          onName={go.rename}
          onHome={go.home}
        />
      </Main>
    )
  if (step.at === 'chat')
    return (
      <Main className="flex flex-col bg-paper">
        <div className="mx-auto flex min-h-0 w-full max-w-3xl flex-1 flex-col">
          <Chat {...chat} />
          <TakeFocus inside />
        </div>
      </Main>
    )
  return (
    <Main className="bg-paper">
      <Suspense fallback={<Waiting text={shell.opening} />}>
        <Prejoin room={room} name={name} people={people} onJoin={go.join} onChatOnly={go.chat} />
      </Suspense>
    </Main>
  )
}

function Call({ client, choices, panel, onPanel, unread, go }: StageProps & { choices: Choices }) {
  const { shell } = useWords()
  const me = useStore(client, (state) => state.me)
  const waiting = (
    <Main>
      <Waiting text={shell.opening} />
    </Main>
  )
  if (!me) return waiting
  return (
    <Suspense fallback={waiting}>
      <CallView
        ticket={() => fetchTicket(client)}
        choices={choices}
        me={me}
        panel={panel}
        onPanel={onPanel}
        unread={unread}
        onLeft={(reason) => (reason ? go.chat() : go.leave())}
      />
      <TakeFocus />
    </Suspense>
  )
}

/**
 * What was pressed went away with the page before it: whoever goes by key starts at the new one. In a chat that is the
 * field to write in; elsewhere the stage itself, so that nothing is pressed by chance. At once: what is typed at once shall not be lost.
 */
function TakeFocus({ inside = false }: { inside?: boolean }) {
  useLayoutEffect(() => {
    if (document.activeElement !== document.body) return
    const stage = document.getElementById('stage')
    if (inside) focusInside(stage)
    else stage?.focus()
  }, [inside])
  return null
}

/** The screen of a problem that leaves nothing else to show. A connection that was there and is lost leaves the page as it is. */
function useBlocked(client: RoomClient) {
  const connection = useStore(client, (state) => state.connection)
  const problem = useStore(client, (state) => state.problem)
  const known = useStore(client, (state) => state.me !== undefined)
  if (connection === 'closed' && problem) return screenFor(problem.code)
  if (connection === 'waiting' && !known) return problem ? screenFor(problem.code) : 'server_gone'
  return undefined
}

function Main({ className = '', children }: { className?: string; children: ReactNode }) {
  return (
    <main id="stage" data-region="" tabIndex={-1} className={`room-stage ${className}`}>
      {children}
    </main>
  )
}

function Waiting({ text }: { text: string }) {
  return <p className="grid h-full place-items-center text-soft">{text}</p>
}
