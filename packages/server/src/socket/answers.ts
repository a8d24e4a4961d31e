/** What each request asks of the domain. One line each: whatever needs more is a verb of the domain. */
import { AppError, type Asked, type ReplyTo, readName } from '@maru/protocol'
import { endSession, listSessions, offerTransfer } from '../accounts/sessions.ts'
import { deleteMessage } from '../chat/delete-message.ts'
import { editMessage } from '../chat/edit-message.ts'
import { forgetMember } from '../chat/forget-member.ts'
import { markRead } from '../chat/mark-read.ts'
import { pinMessage } from '../chat/pin-message.ts'
import { react } from '../chat/react.ts'
import { lookUp, readHistory, readThread } from '../chat/read-history.ts'
import { searchMessages } from '../chat/search-messages.ts'
import { sendMessage } from '../chat/send-message.ts'
import { closePoll, vote } from '../chat/vote.ts'
import type { Actor } from '../rooms/append-entry.ts'
import { listMembers } from '../rooms/list-members.ts'
import { makeOwner } from '../rooms/make-owner.ts'
import { setRetention } from '../rooms/set-retention.ts'
import { setTopic } from '../rooms/set-topic.ts'
import type { SocketContext } from './answer-request.ts'
import type { Caller } from './caller.ts'

/** Who asks, from where. */
export interface Asker extends Actor {
  session: string
  caller: Caller
}

type Answers = {
  [Type in Asked['type']]: (
    context: SocketContext,
    asker: Asker,
    request: Extract<Asked, { type: Type }>,
  ) => ReplyTo<Type> | Promise<ReplyTo<Type>>
}

const reader = ({ room, member }: Asker) => ({ room, member: member.id })

const answers: Answers = {
  send: (context, asker, request) => sendMessage(context, asker, request),
  edit: (context, asker, request) => editMessage(context, asker, request),
  delete: (context, asker, { target }) => deleteMessage(context, asker, target),
  react: (context, asker, request) => react(context, asker, request),
  vote: (context, asker, request) => vote(context, asker, request),
  closePoll: (context, asker, { target }) => closePoll(context, asker, target),
  pin: (context, asker, request) => pinMessage(context, asker, request),
  history: ({ storage }, asker, request) => readHistory(storage, reader(asker), request),
  thread: ({ storage }, asker, request) => readThread(storage, reader(asker), request),
  lookUp: ({ storage }, asker, { targets }) => ({ entries: lookUp(storage, reader(asker), targets) }),
  search: ({ storage }, asker, request) => searchMessages(storage, reader(asker), request),
  markRead: (context, asker, { seq }) => markRead(context, asker, seq),
  members: ({ storage }, { room }, { after }) => listMembers(storage, room, after),
  rename: ({ presence }, { room, member }, { name }) => ({
    name: presence.rename(room, member.id, readName(name)).name,
  }),
  setTopic: (context, asker, { topic }) => setTopic(context, asker, topic),
  setRetention: (context, asker, { retention }) => setRetention(context, asker, retention),
  makeOwner: (context, asker, { member }) => makeOwner(context, asker, member),
  sessions: ({ storage }, { member, session }) => ({ sessions: listSessions(storage, member.id, session) }),
  endSession: async (context, { member }, { session }) => {
    await endSession(context, member.id, session)
    return {}
  },
  transfer: (context, { member }) => offerTransfer(context, member.id),
  forgetMe: async (context, { member }) => {
    await forgetMember(context, member.id)
    return {}
  },
  joinCall: async ({ mintCallToken }, { room, member, caller }) => {
    const token = await mintCallToken({ identity: member.id, name: member.name, room }).catch((cause) => {
      throw new AppError('call_unavailable', undefined, { cause })
    })
    return { ticket: { url: caller.base, token } }
  },
  ping: () => ({}),
}

/** @throws AppError */
export async function answer(context: SocketContext, asker: Asker, request: Asked): Promise<object> {
  const verb = answers[request.type] as (context: SocketContext, asker: Asker, request: Asked) => object
  return await verb(context, asker, request)
}
