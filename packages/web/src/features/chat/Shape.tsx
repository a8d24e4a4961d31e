import type { Message } from '@maru/protocol'
import type { ReactNode } from 'react'
import { personClass } from '../../lib/person-colour.ts'
import { Avatar } from '../../ui/Avatar.tsx'
import { classNames } from '../../ui/class-names.ts'

interface ShapeProps {
  message: Message
  head: boolean
  name: string
  stamp: { dateTime: string; title: string }
  time: string
  children: ReactNode
}

/** Around what is said: who and when at the head of a group, an action as a sentence. */
export function Shape({ message, head, name, stamp, time, children }: ShapeProps) {
  if (message.action && !message.deleted)
    return (
      <div className={classNames(personClass(message.member), 'ps-11.75 italic')}>
        <b dir="auto" className="font-semibold text-person-ink">
          {name}
        </b>
        <div className="inline-block ps-1.5 align-top">{children}</div>
      </div>
    )
  if (!head)
    return (
      <div className="ps-11.75">
        <time
          {...stamp}
          className="absolute start-2 top-1.5 w-9 text-center text-[0.6875rem] text-soft tabular-nums opacity-0 transition group-hover:opacity-100 group-focus-within:opacity-100"
        >
          {time}
        </time>
        {children}
      </div>
    )
  return (
    <Group
      id={message.member}
      name={name}
      aside={
        <time {...stamp} className="flex-none text-xs text-soft tabular-nums">
          {time}
        </time>
      }
    >
      {children}
    </Group>
  )
}

export function Group({
  id,
  name,
  aside,
  children,
}: {
  id: string
  name: string
  aside?: ReactNode
  children: ReactNode
}) {
  return (
    <div className="flex gap-2.75">
      <Avatar id={id} name={name} />
      <div className="min-w-0 flex-1">
        <p className={classNames(personClass(id), 'flex items-baseline gap-2')}>
          <b dir="auto" className="min-w-0 truncate text-sm font-semibold text-person-ink">
            {name}
          </b>
          {aside}
        </p>
        {children}
      </div>
    </div>
  )
}
