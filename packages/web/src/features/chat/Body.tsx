import type { Member, Message } from '@maru/protocol'
import Lock from 'lucide-react/icons/lock'
import { type ComponentType, lazy, Suspense } from 'react'
import { fullTime } from '../../lib/time.ts'
import { useLanguage, useWords } from '../../lib/words/use-words.ts'
import type { Desk } from './desk.ts'
import { MessageText } from './MessageText.tsx'
import { QuoteLine } from './QuoteLine.tsx'
import { Reactions } from './Reactions.tsx'

const PollCard = lazy(async () => ({ default: (await import('./PollCard.tsx')).PollCard }))
const Files = lazy(async () => ({ default: (await import('./Files.tsx')).Files }))

export interface PartProps {
  message: Message
  desk: Desk
  me: Member | undefined
}

/** What a message says, with everything that belongs to it. */
export function Body({
  message,
  desk,
  me,
  names,
}: {
  message: Message
  desk: Desk
  me: Member | undefined
  names: readonly Member[]
}) {
  const { chat } = useWords()
  if (message.deleted)
    return (
      <>
        <p className="text-soft italic">{chat.deleted}</p>
        <Answers message={message} desk={desk} />
      </>
    )
  return (
    <>
      {message.replyTo && <QuoteLine quote={message.replyTo} onGo={(seq) => void desk.jump(seq)} />}
      {message.text && <MessageText text={message.text} names={names} me={me?.id} />}
      {message.edited !== undefined && <Edited at={message.edited} />}
      {message.poll && <Later part={PollCard} message={message} desk={desk} me={me} />}
      {message.files && <Later part={Files} message={message} desk={desk} me={me} />}
      {message.reactions && <Reactions message={message} desk={desk} me={me} />}
      <Answers message={message} desk={desk} />
    </>
  )
}

/** Whom alone a private message is for. */
export function Private({ message, own }: { message: Message; own: boolean }) {
  const { chat } = useWords()
  if (!message.to) return null
  return (
    <p className="my-0.5 flex w-fit items-center gap-1.5 rounded-full bg-pine-tint px-2.5 text-[0.8125rem] font-semibold text-pine">
      <Lock size={13} aria-hidden="true" />
      {own ? chat.toOne(message.to.name || chat.formerMember) : chat.toMe(message.name || chat.formerMember)}
    </p>
  )
}

function Later({ part: Part, ...rest }: PartProps & { part: ComponentType<PartProps> }) {
  return (
    <Suspense fallback={<div className="h-24" />}>
      <Part {...rest} />
    </Suspense>
  )
}

function Edited({ at }: { at: number }) {
  const { chat } = useWords()
  const language = useLanguage()
  return (
    <span className="text-[0.75rem] text-soft" title={fullTime(language, at)}>
      {chat.edited}
    </span>
  )
}

/** How many have answered, as the way to what they said. */
function Answers({ message, desk }: { message: Message; desk: Desk }) {
  const { chat } = useWords()
  const count = message.answers?.count ?? 0
  if (count === 0) return null
  return (
    <button
      type="button"
      className="-ms-2 block min-h-8 rounded-lg px-2 text-[0.8125rem] font-semibold text-wood hover:underline pointer-coarse:min-h-11"
      onClick={() => desk.openThread(message)}
    >
      {chat.answers(count)}
    </button>
  )
}
