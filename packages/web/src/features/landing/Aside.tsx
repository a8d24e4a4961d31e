import House from 'lucide-react/icons/house'
import MessageSquareText from 'lucide-react/icons/message-square-text'
import Video from 'lucide-react/icons/video'
import X from 'lucide-react/icons/x'
import { lazy, Suspense } from 'react'
import { roomPath } from '../../lib/route.ts'
import { isLocal, secureAddress } from '../../lib/secure-address.ts'
import { shortTime } from '../../lib/time.ts'
import { countOf } from '../../lib/unread.ts'
import { useLanguage, useWords } from '../../lib/words/use-words.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { useLandingWords } from './use-landing-words.ts'
import { type ShownRoom, useRooms } from './use-rooms.ts'

const QrCode = lazy(async () => ({ default: (await import('../../ui/QrCode.tsx')).QrCode }))

/** Beside the form: the rooms this browser was in, or for a first visitor what this is, and the way for a phone. */
export function Aside({ onOpen }: { onOpen: (room: string) => void }) {
  return (
    <div className="grid grid-cols-1 gap-5">
      <RecentRooms onOpen={onOpen} />
      <OnPhone />
    </div>
  )
}

/** Only where the address leads here from elsewhere, and only on a screen a phone can look at. */
function OnPhone() {
  const landing = useLandingWords()
  if (isLocal(location.hostname)) return null
  return (
    <p className="flex min-h-21 items-center gap-4 text-sm text-soft max-lg:hidden">
      <Suspense fallback={null}>
        <QrCode
          text={secureAddress(window) ?? location.href}
          label={landing.phoneCode}
          size={84}
          className="flex-none"
        />
      </Suspense>
      <span>
        <b className="block font-semibold text-ink">{landing.phone}</b>
        {landing.phoneText}
      </span>
    </p>
  )
}

function RecentRooms({ onOpen }: { onOpen: (room: string) => void }) {
  const landing = useLandingWords()
  const { rooms, hide } = useRooms()
  if (rooms.length === 0) return <Facts />
  return (
    <section aria-labelledby="recent">
      <h2 id="recent" className="mb-3 text-[0.9375rem] font-semibold text-soft">
        {landing.recent}
      </h2>
      <ul className="grid grid-cols-1 gap-2.5">
        {rooms.map((room) => (
          <Card key={room.room} room={room} onOpen={() => onOpen(room.room)} onForget={() => hide(room)} />
        ))}
      </ul>
    </section>
  )
}

function Card({ room, onOpen, onForget }: { room: ShownRoom; onOpen: () => void; onForget: () => void }) {
  const { shell } = useWords()
  const landing = useLandingWords()
  const language = useLanguage()
  const { messages, mentions } = room.unread
  const when = shortTime(language, room.at, Date.now(), landing)
  return (
    <li className="group relative rounded-tile border border-line bg-surface transition hover:border-line-strong hover:shadow-soft">
      <a
        href={roomPath(room.room)}
        className="block rounded-tile py-3.5 ps-4.5 pe-14"
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey) return
          event.preventDefault()
          onOpen()
        }}
      >
        <span className="flex items-center gap-2">
          <b dir="auto" className="min-w-0 truncate font-semibold">
            {room.room}
          </b>
          {messages > 0 && (
            <b className={`${pill} ${mentions > 0 ? 'bg-ink/10 text-ink' : 'bg-wood text-wood-ink'}`}>
              <span aria-hidden="true">{countOf(messages)}</span>
              <span className="sr-only">{shell.unread(messages)}</span>
            </b>
          )}
          {mentions > 0 && (
            <b className={`${pill} bg-wood text-wood-ink`}>
              <span aria-hidden="true">@{countOf(mentions)}</span>
              <span className="sr-only">{shell.mentions(mentions)}</span>
            </b>
          )}
        </span>
        <span className="block truncate text-[0.8438rem] text-soft">
          {when} · {room.last ? landing.said(room.last.name, room.last.text) : landing.quiet}
        </span>
      </a>
      <IconButton
        icon={X}
        label={landing.forget(room.room)}
        className="absolute end-2.5 top-1/2 -translate-y-1/2 group-hover:opacity-100 focus-visible:opacity-100 pointer-fine:opacity-0"
        onClick={onForget}
      />
    </li>
  )
}

const pill = 'min-w-5 flex-none rounded-full px-1.5 text-center text-[0.75rem]/5 tabular-nums'

const icons = [MessageSquareText, Video, House]

function Facts() {
  const landing = useLandingWords()
  return (
    <section aria-label={landing.factsTitle}>
      <ul className="grid grid-cols-1 gap-2.5">
        {landing.facts.map((fact, index) => {
          const Icon = icons[index] ?? House
          return (
            <li
              key={fact.title}
              className="flex items-center gap-4 rounded-tile border border-line bg-surface px-4.5 py-4"
            >
              <span className="grid size-11 flex-none place-items-center rounded-[14px] bg-wood-tint text-wood">
                <Icon size={22} aria-hidden="true" />
              </span>
              <span>
                <b className="block font-semibold">{fact.title}</b>
                <span className="block text-[0.8438rem] text-balance text-soft">{fact.text}</span>
              </span>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
