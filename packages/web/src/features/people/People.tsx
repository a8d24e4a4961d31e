import type { RoomClient } from '@maru/client'
import Pencil from 'lucide-react/icons/pencil'
import UserPlus from 'lucide-react/icons/user-plus'
import Video from 'lucide-react/icons/video'
import X from 'lucide-react/icons/x'
import { useStore } from '../../lib/store.ts'
import { Avatar } from '../../ui/Avatar.tsx'
import { Button } from '../../ui/Button.tsx'
import { IconButton } from '../../ui/IconButton.tsx'
import { groupPeople, type PersonLine } from './group-people.ts'
import { usePeopleWords } from './use-people-words.ts'

interface PeopleProps {
  client: RoomClient
  onInvite: () => void
  onRename: () => void
  onClose: () => void
}

/** Who is in the room and who of them is in the call. */
export function People({ client, onInvite, onRename, onClose }: PeopleProps) {
  const words = usePeopleWords()
  const here = useStore(client, (state) => state.people)
  const call = useStore(client, (state) => state.call)
  const me = useStore(client, (state) => state.me)
  const { inCall, inRoom } = groupPeople(here, call, me?.id)
  return (
    <>
      <div className="flex items-center gap-1 border-b border-line py-2.5 ps-5 pe-2.5">
        <h2 className="text-[1.0625rem] font-bold tracking-tight">{words.title}</h2>
        <span className="flex-1 ps-2 text-[0.8125rem] text-faint tabular-nums">
          {words.count(inCall.length + inRoom.length)}
        </span>
        <IconButton icon={X} label={words.close} onClick={onClose} />
      </div>
      <section
        className="min-h-0 flex-1 overflow-y-auto px-3 pb-3 outline-offset-[-3px]"
        tabIndex={0}
        aria-label={words.title}
      >
        <Group title={words.inCall} people={inCall} onRename={onRename} inCall />
        <Group title={words.here} people={inRoom} onRename={onRename} />
        {inCall.length + inRoom.length <= 1 && <p className="px-2 pt-4 text-sm text-soft">{words.inviteAlone}</p>}
      </section>
      <div className="border-t border-line p-3">
        <Button className="w-full" onClick={onInvite}>
          <UserPlus size={18} aria-hidden="true" />
          {words.invite}
        </Button>
      </div>
    </>
  )
}

interface GroupProps {
  title: string
  people: PersonLine[]
  inCall?: boolean
  onRename: () => void
}

function Group({ title, people, inCall, onRename }: GroupProps) {
  const words = usePeopleWords()
  if (people.length === 0) return null
  return (
    <>
      <h3 className="px-2 pt-4 pb-1 text-[0.8125rem] font-semibold text-soft">
        {title} <span className="tabular-nums">{people.length}</span>
      </h3>
      <ul>
        {people.map((person) => (
          <li key={person.id} className="flex min-h-12 items-center gap-3 rounded-button px-2 hover:bg-ink/4">
            <Avatar id={person.id} name={person.name} />
            <span dir="auto" className="min-w-0 truncate font-semibold">
              {person.name}
            </span>
            {person.me && <span className="text-sm text-faint">{words.you}</span>}
            <span className="flex-1" />
            {inCall && <Video size={17} className="text-pine" aria-hidden="true" />}
            {person.me && <IconButton icon={Pencil} label={words.rename} onClick={onRename} />}
          </li>
        ))}
      </ul>
    </>
  )
}
