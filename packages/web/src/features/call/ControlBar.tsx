import { type CallClient, type CallSnapshot, canShareScreen } from '@maru/client/call'
import type { Unread } from '@maru/protocol'
import MessageSquare from 'lucide-react/icons/message-square'
import Mic from 'lucide-react/icons/mic'
import MicOff from 'lucide-react/icons/mic-off'
import PhoneOff from 'lucide-react/icons/phone-off'
import ScreenShare from 'lucide-react/icons/screen-share'
import ScreenShareOff from 'lucide-react/icons/screen-share-off'
import Users from 'lucide-react/icons/users'
import Video from 'lucide-react/icons/video'
import VideoOff from 'lucide-react/icons/video-off'
import { type ReactNode, useMemo, useRef } from 'react'
import { countOf } from '../../lib/unread.ts'
import { announce } from '../../ui/announce.ts'
import { ControlButton } from '../../ui/ControlButton.tsx'
import { classNames } from '../../ui/class-names.ts'
import { useRoving } from '../../ui/roving.ts'
import { DeviceMenu } from './DeviceMenu.tsx'
import { MoreMenu } from './MoreMenu.tsx'
import type { Shortcut } from './shortcut.ts'
import { useCallWords } from './use-call-words.ts'
import { useMedia } from './use-media.ts'
import { useShortcuts } from './use-shortcuts.ts'
import type { CallWords } from './words.en.ts'

type Panel = 'chat' | 'people' | null

export interface ControlBarProps {
  client: CallClient
  call: CallSnapshot
  panel: Panel
  onPanel: (panel: Panel) => void
  unread: Unread
  onLeave: () => void
}

/** What the buttons and the keys do, and how things stand. */
export interface Controls {
  /** In the call: pictures and voices can go both ways. */
  isLive: boolean
  /** In the call or on the way into it: what is switched now holds then. */
  isOpen: boolean
  hears: boolean
  sees: boolean
  shares: boolean
  run: Record<Shortcut, () => void>
}

const canShare = canShareScreen()

/** The bar below the stage. On a phone it has five places and the rest is behind "More". */
export function ControlBar(props: ControlBarProps) {
  const words = useCallWords()
  const controls = useControls(props)
  const isNarrow = useMedia('(width < 40rem)')
  useShortcuts((shortcut) => {
    if (shortcut === 'share' && !canShare) return
    controls.run[shortcut]()
    if (shortcut === 'microphone') announce(controls.hears ? words.microphoneOff : words.microphoneOn)
    if (shortcut === 'camera') announce(controls.sees ? words.cameraOff : words.cameraOn)
  })
  return isNarrow ? <NarrowBar {...props} controls={controls} /> : <WideBar {...props} controls={controls} />
}

function useControls({ client, call, panel, onPanel }: ControlBarProps): Controls {
  const me = call.people.find((person) => person.isMe)
  const isOpen = call.standing.phase !== 'idle' && call.standing.phase !== 'ended'
  const isLive = call.standing.phase === 'live' || call.standing.phase === 'reconnecting'
  const { microphone: hears, camera: sees } = call.wants
  const shares = me?.screen !== undefined
  return useMemo(() => {
    const when = (may: boolean, act: () => Promise<void>) => () => {
      if (may) void act()
    }
    return {
      isLive,
      isOpen,
      hears,
      sees,
      shares,
      run: {
        microphone: when(isOpen, () => client.setMicrophone(!hears)),
        camera: when(isOpen, () => client.setCamera(!sees)),
        share: when(isLive, () => client.setScreen(!shares)),
        chat: () => onPanel(panel === 'chat' ? null : 'chat'),
        people: () => onPanel(panel === 'people' ? null : 'people'),
      },
    }
  }, [client, isLive, isOpen, hears, sees, shares, panel, onPanel])
}

type BarProps = ControlBarProps & { controls: Controls }

function WideBar(props: BarProps) {
  const { client, call, controls, panel, onLeave } = props
  const words = useCallWords()
  return (
    <Bar label={words.controls} className="flex items-center justify-center gap-3.5 px-4.5 pt-2.5 pb-4">
      <Group>
        <MicrophoneButton {...props} />
        <DeviceMenu client={client} call={call} of="microphone" />
        <CameraButton {...props} />
        <DeviceMenu client={client} call={call} of="camera" />
      </Group>
      {canShare && (
        <Group>
          <ControlButton
            icon={controls.shares ? ScreenShareOff : ScreenShare}
            label={words.share}
            pressed={controls.shares}
            tone={controls.shares ? 'live' : 'plain'}
            disabled={!controls.isLive || call.busy.has('screen')}
            title={`${words.share} (S)`}
            aria-keyshortcuts="S"
            onClick={controls.run.share}
          />
        </Group>
      )}
      <Group>
        <ChatButton {...props} />
        <ControlButton
          icon={Users}
          label={words.peoplePanel}
          pressed={panel === 'people'}
          title={`${words.peoplePanel} (P)`}
          aria-keyshortcuts="P"
          onClick={controls.run.people}
        />
      </Group>
      <ControlButton
        icon={PhoneOff}
        label={words.leave}
        tone="leave"
        className="!h-16.5 !w-19.5 !rounded-bar"
        onClick={onLeave}
      />
    </Bar>
  )
}

function NarrowBar(props: BarProps) {
  const { client, call, controls, onLeave } = props
  const words = useCallWords()
  return (
    <Bar
      label={words.controls}
      className="flex items-stretch justify-between gap-1 rounded-t-[22px] bg-surface px-2 pt-2 pb-[max(.625rem,env(safe-area-inset-bottom))] [&>button]:!w-auto [&>button]:min-w-0 [&>button]:flex-1"
    >
      <MicrophoneButton {...props} />
      <CameraButton {...props} />
      <ChatButton {...props} />
      <MoreMenu client={client} call={call} controls={controls} canShare={canShare} />
      <ControlButton icon={PhoneOff} label={words.leave} tone="leave" className="!rounded-tile" onClick={onLeave} />
    </Bar>
  )
}

function MicrophoneButton({ controls }: BarProps) {
  const words = useCallWords()
  return (
    <ControlButton
      icon={controls.hears ? Mic : MicOff}
      label={words.mic}
      aria-label={words.microphone}
      pressed={controls.hears}
      tone={controls.hears ? 'live' : controls.isOpen ? 'off' : 'plain'}
      disabled={!controls.isOpen}
      title={`${words.microphone} (M)`}
      aria-keyshortcuts="M Control+D"
      onClick={controls.run.microphone}
    />
  )
}

function CameraButton({ controls }: BarProps) {
  const words = useCallWords()
  return (
    <ControlButton
      icon={controls.sees ? Video : VideoOff}
      label={words.camera}
      pressed={controls.sees}
      tone={controls.sees || !controls.isOpen ? 'plain' : 'off'}
      disabled={!controls.isOpen}
      title={`${words.camera} (V)`}
      aria-keyshortcuts="V Control+E"
      onClick={controls.run.camera}
    />
  )
}

function ChatButton({ controls, panel, unread }: BarProps) {
  const words = useCallWords()
  return (
    <ControlButton
      icon={MessageSquare}
      label={words.chat}
      pressed={panel === 'chat'}
      badge={badgeOf(unread, words)}
      title={`${words.chat} (C)`}
      aria-keyshortcuts="C"
      onClick={controls.run.chat}
    />
  )
}

/** Being called goes before what is merely new. */
function badgeOf({ messages, mentions }: Unread, words: CallWords): { text: string; label: string } | undefined {
  if (mentions > 0)
    return { text: `@${countOf(mentions)}`, label: `${words.unread(messages)}, ${words.mentions(mentions)}` }
  return messages > 0 ? { text: countOf(messages), label: words.unread(messages) } : undefined
}

/** One stop for Tab, arrow keys inside. The items of the menus that hang on it are not its own. */
function Bar({ label, className, children }: { label: string; className: string; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const { onKeyDown, all, hold } = useRoving(box, { items: 'button:not(:disabled, [role^=menuitem])', axis: 'x' })
  const own = (target: EventTarget) => all().find((button) => button === target)
  return (
    <div
      ref={box}
      role="toolbar"
      aria-label={label}
      className={className}
      onKeyDown={(event) => {
        if (own(event.target)) onKeyDown(event)
      }}
      onFocus={(event) => {
        const button = own(event.target)
        if (button) hold(button)
      }}
    >
      {children}
    </div>
  )
}

function Group({ children, className }: { children: ReactNode; className?: string }) {
  return (
    <div className={classNames('flex gap-0.5 rounded-bar bg-surface p-1.25 shadow-soft', className)}>{children}</div>
  )
}
