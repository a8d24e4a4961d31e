import type { RoomClient } from '@maru/client'
import type { Unread } from '@maru/protocol'
import Ellipsis from 'lucide-react/icons/ellipsis'
import LinkIcon from 'lucide-react/icons/link'
import LogOut from 'lucide-react/icons/log-out'
import MessageSquare from 'lucide-react/icons/message-square'
import Settings from 'lucide-react/icons/settings'
import Users from 'lucide-react/icons/users'
import Video from 'lucide-react/icons/video'
import type { ReactNode } from 'react'
import { InsecureChip } from '../../features/problems/InsecureNotice.tsx'
import { useStore } from '../../lib/store.ts'
import { chooseTheme, useTheme } from '../../lib/theme.ts'
import { countOf } from '../../lib/unread.ts'
import { chooseLanguage, useLanguage, useWords } from '../../lib/words/use-words.ts'
import { Brand } from '../../ui/Brand.tsx'
import { Button } from '../../ui/Button.tsx'
import { classNames } from '../../ui/class-names.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { Menu } from '../../ui/Menu.tsx'
import { Preferences } from '../../ui/Preferences.tsx'
import type { Panel } from './use-panel.ts'

interface RoomHeaderProps {
  room: string
  client: RoomClient
  /** `plain` before and after the visit, where the page below has the heading. */
  look: 'plain' | 'call' | 'chat'
  panel: Panel
  unread: Unread
  onPanel: (panel: Panel) => void
  onInvite: () => void
  onSettings: () => void
  onJoin: () => void
  onLeave: () => void
}

/** The top of the room page: where I am, who is here, how others get here. */
export function RoomHeader(props: RoomHeaderProps) {
  const { room, client, look, panel, unread, onPanel, onInvite, onSettings, onJoin, onLeave } = props
  const { shell } = useWords()
  const open = useStore(client, (state) => state.me !== undefined)
  const toggle = (which: 'chat' | 'people') => onPanel(panel === which ? null : which)
  return (
    <header
      data-region=""
      className={classNames(
        'room-head flex min-h-15 items-center gap-1.5 px-3 py-2 sm:gap-2 sm:px-4.5',
        look !== 'call' && 'bg-paper',
        look === 'chat' && 'border-b border-line',
      )}
    >
      <Brand compact={look !== 'plain'} />
      {look !== 'plain' && (
        <Where room={room} client={client} open={panel === 'people'} onPeople={() => toggle('people')} />
      )}
      <span className="flex-1" />
      <InsecureChip compact={look !== 'plain'} />
      {look === 'plain' && open && (
        <>
          <PanelButton
            icon={MessageSquare}
            label={shell.chat}
            pressed={panel === 'chat'}
            unread={unread}
            onClick={() => toggle('chat')}
          />
          <PanelButton
            icon={Users}
            label={shell.people}
            pressed={panel === 'people'}
            onClick={() => toggle('people')}
          />
        </>
      )}
      {look !== 'plain' && (
        <>
          <IconButton icon={LinkIcon} label={shell.copyLink} className="max-sm:hidden" onClick={onInvite} />
          <IconButton icon={Settings} label={shell.settings} className="max-md:hidden" onClick={onSettings} />
        </>
      )}
      <span className={look === 'plain' ? 'contents' : 'contents max-md:hidden'}>
        <Preferences />
      </span>
      {look !== 'plain' && (
        <MoreMenu onInvite={onInvite} onSettings={onSettings} onLeave={look === 'chat' ? onLeave : undefined} />
      )}
      {look === 'chat' && (
        <>
          <Button look="go" size="small" onClick={onJoin}>
            <Video size={18} aria-hidden="true" />
            <span className="max-sm:hidden">{shell.joinCall}</span>
            <span className="sm:hidden">{shell.join}</span>
          </Button>
          <Button size="small" className="max-sm:hidden" onClick={onLeave}>
            <LogOut size={17} aria-hidden="true" />
            {shell.leave}
          </Button>
        </>
      )}
    </header>
  )
}

interface WhereProps {
  room: string
  client: RoomClient
  /** Whether the list of people is open. */
  open: boolean
  onPeople: () => void
}

function Where({ room, client, open, onPeople }: WhereProps) {
  const { shell } = useWords()
  const here = useStore(client, (state) => state.people.length)
  return (
    <>
      <span className="h-5 w-px flex-none bg-line-strong/40 max-sm:hidden" />
      <h1 dir="auto" className="min-w-0 truncate text-base font-[650] tracking-tight" title={room}>
        {room}
      </h1>
      {here > 0 && (
        <button
          type="button"
          className="inline-flex min-h-8 flex-none items-center gap-1.5 rounded-full px-2 text-sm text-soft tabular-nums hover:bg-ink/6 hover:text-ink pointer-coarse:min-h-11"
          aria-expanded={open}
          onClick={onPeople}
        >
          <Users size={15} aria-hidden="true" />
          <span className="max-sm:hidden">{shell.here(here)}</span>
          <span className="sm:hidden" aria-hidden="true">
            {here}
          </span>
          <span className="sr-only sm:hidden">{shell.here(here)}</span>
        </button>
      )}
    </>
  )
}

interface PanelButtonProps {
  icon: typeof Users
  label: string
  pressed: boolean
  unread?: Unread
  onClick: () => void
}

function PanelButton({ icon: Icon, label, pressed, unread, onClick }: PanelButtonProps) {
  const { shell } = useWords()
  return (
    <Button
      size="small"
      look="quiet"
      aria-pressed={pressed}
      className="relative aria-pressed:bg-wood-tint aria-pressed:text-wood"
      onClick={onClick}
    >
      <Icon size={18} aria-hidden="true" />
      <span className="max-sm:sr-only">{label}</span>
      {unread && unread.messages > 0 && (
        <Badge text={countOf(unread.messages)} label={shell.unread(unread.messages)} quiet={unread.mentions > 0} />
      )}
      {unread && unread.mentions > 0 && (
        <Badge text={`@${countOf(unread.mentions)}`} label={shell.mentions(unread.mentions)} />
      )}
    </Button>
  )
}

/** `quiet` where another one beside it says what matters more; on a phone only that one is there. */
function Badge({ text, label, quiet = false }: { text: string; label: string; quiet?: boolean }): ReactNode {
  return (
    <b
      className={classNames(
        'min-w-4.5 rounded-full px-1 text-center text-[0.6875rem]/4.5 font-bold tabular-nums',
        quiet
          ? 'bg-ink/10 text-ink max-sm:sr-only'
          : 'bg-wood text-wood-ink max-sm:absolute max-sm:top-0 max-sm:right-0',
      )}
    >
      <span aria-hidden="true">{text}</span>
      <span className="sr-only">, {label}</span>
    </b>
  )
}

interface MoreProps {
  onInvite: () => void
  onSettings: () => void
  onLeave: (() => void) | undefined
}

/** On a narrow page what the header has no room for. */
function MoreMenu({ onInvite, onSettings, onLeave }: MoreProps) {
  const { shell } = useWords()
  const language = useLanguage()
  const other = useTheme() === 'light' ? 'dark' : 'light'
  const pick = (id: string) => {
    if (id === 'invite') onInvite()
    if (id === 'settings') onSettings()
    if (id === 'theme') chooseTheme(other)
    if (id === 'leave') onLeave?.()
    if (id === 'language') chooseLanguage(language === 'en' ? 'ko' : 'en')
  }
  return (
    <span className="contents md:hidden">
      <Menu
        label={shell.more}
        buttonClassName="inline-grid size-10 flex-none place-items-center rounded-button text-soft hover:bg-ink/7 hover:text-ink pointer-coarse:size-11 md:hidden"
        items={[
          { id: 'invite', label: shell.invite },
          { id: 'settings', label: shell.settings },
          { id: 'theme', label: shell.toTheme[other] },
          { id: 'language', label: <span lang={language === 'en' ? 'ko' : 'en'}>{shell.toLanguage}</span> },
          ...(onLeave ? [{ id: 'leave', label: shell.leave }] : []),
        ]}
        onPick={pick}
      >
        <Ellipsis size={20} aria-hidden="true" />
      </Menu>
    </span>
  )
}
