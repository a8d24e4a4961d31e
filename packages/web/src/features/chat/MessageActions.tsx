import type { Member, Message } from '@maru/protocol'
import Ellipsis from 'lucide-react/icons/ellipsis'
import Plus from 'lucide-react/icons/plus'
import Reply from 'lucide-react/icons/reply'
import SmilePlus from 'lucide-react/icons/smile-plus'
import { useState } from 'react'
import { copyText } from '../../lib/copy-text.ts'
import { useStore } from '../../lib/store.ts'
import { Menu, type MenuItem } from '../../ui/Menu.tsx'
import { Popover } from '../../ui/Popover.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { type Desk, isEditable } from './desk.ts'
import { EmojiPicker } from './EmojiPicker.tsx'
import type { MoreWords } from './more-words.en.ts'
import { useMoreWords } from './more-words.ts'

/** What people mean most of the time. */
const quick = ['👍', '❤️', '😂', '🎉', '😮', '😢', '🙏', '✅']

const button =
  'inline-grid size-8 place-items-center rounded-[9px] text-soft hover:bg-ink/7 hover:text-ink pointer-coarse:size-10'

interface ActionsProps {
  message: Message
  desk: Desk
  me: Member
}

/** What can be done with a message, at its upper edge while it is pointed at or has the focus. */
export function MessageActions({ message, desk, me }: ActionsProps) {
  const words = useMoreWords()
  const pinned = useStore(desk.client, (state) => state.pinned).includes(message.seq)
  const react = (emoji: string) => {
    const mine = message.reactions?.some((each) => each.emoji === emoji && each.by.some(({ id }) => id === me.id))
    void desk.ask<'react'>({ type: 'react', target: message.seq, emoji, on: !mine })
  }
  const pick = (id: string) => {
    if (id === 'thread') desk.openThread(message)
    if (id === 'edit') desk.intent.set({ kind: 'edit', message })
    if (id === 'private') desk.intent.set({ kind: 'write', to: { id: message.member, name: message.name } })
    if (id === 'pin') void desk.ask<'pin'>({ type: 'pin', target: message.seq, on: !pinned })
    if (id === 'reactions') desk.reacted.set(message)
    if (id === 'delete') desk.deleting.set(message)
    if (id === 'copy')
      void copyText(message.text).then(
        () => toast(words.copied),
        () => toast(words.notCopied),
      )
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of buttons, no part of a form.
    <div
      role="group"
      aria-label={words.actions}
      className="absolute end-1 -top-4 z-10 flex rounded-button border border-line bg-raised p-0.5 shadow-soft"
    >
      <Popover label={words.react} icon={<SmilePlus size={18} aria-hidden="true" />} buttonClassName={button}>
        {(close) => (
          <ChooseReaction
            onPick={(emoji) => {
              close()
              react(emoji)
            }}
          />
        )}
      </Popover>
      <button
        type="button"
        aria-label={words.reply}
        title={words.reply}
        className={button}
        onClick={() => desk.intent.set({ kind: 'reply', message })}
      >
        <Reply size={18} aria-hidden="true" />
      </button>
      <Menu label={words.more} buttonClassName={button} items={itemsFor(message, me, pinned, words)} onPick={pick}>
        <Ellipsis size={18} aria-hidden="true" />
      </Menu>
    </div>
  )
}

function ChooseReaction({ onPick }: { onPick: (emoji: string) => void }) {
  const words = useMoreWords()
  const [all, setAll] = useState(false)
  if (all) return <EmojiPicker onPick={onPick} />
  return (
    <div className="flex gap-0.5">
      {quick.map((emoji) => (
        <button
          key={emoji}
          type="button"
          aria-label={words.reactWith(emoji)}
          className={`${choice} font-emoji text-xl`}
          onClick={() => onPick(emoji)}
        >
          {emoji}
        </button>
      ))}
      <button
        type="button"
        aria-label={words.moreEmoji}
        title={words.moreEmoji}
        className={`${choice} text-soft`}
        onClick={() => setAll(true)}
      >
        <Plus size={18} aria-hidden="true" />
      </button>
    </div>
  )
}

const choice =
  'grid size-9 place-items-center rounded-[9px] hover:bg-wood-tint focus-visible:bg-wood-tint max-xs:size-8'

function itemsFor(message: Message, me: Member, pinned: boolean, words: MoreWords): MenuItem[] {
  const own = message.member === me.id
  return [
    ...(own && isEditable(message) ? [{ id: 'edit', label: words.edit }] : []),
    ...(message.root !== undefined || message.answers ? [{ id: 'thread', label: words.openThread }] : []),
    ...(message.reactions ? [{ id: 'reactions', label: words.whoReacted }] : []),
    ...(message.text ? [{ id: 'copy', label: words.copyText }] : []),
    ...(own ? [] : [{ id: 'private', label: words.writeTo(message.name) }]),
    ...(me.owner && !message.to ? [{ id: 'pin', label: pinned ? words.unpin : words.pin }] : []),
    ...(own || me.owner ? [{ id: 'delete', label: words.delete }] : []),
  ]
}
