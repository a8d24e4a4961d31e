import { AppError, type Asked, type ReplyTo, readReply, type ServerMessage } from '@maru/protocol'
import type { Question } from './room-client.ts'

interface Waiting {
  type: Asked['type']
  /** Called before anything else is read, so that a page meets the state it was asked for. */
  take: (reply: never) => void
  resolve: (reply: never) => void
  reject: (error: AppError) => void
}

/** Asks, and brings each answer to its question. A question that is lost with its connection fails. */
export function createQuestions({ isOpen, send }: { isOpen: () => boolean; send: (asked: Asked) => void }) {
  const waiting = new Map<number, Waiting>()
  let lastId = 0

  return {
    /** `take` is called with the answer before anything else is read. */
    ask<Type extends Asked['type']>(
      question: Question<Type>,
      take: (reply: ReplyTo<Type>) => void = () => {},
    ): Promise<ReplyTo<Type>> {
      if (!isOpen()) return Promise.reject(new AppError('disconnected'))
      lastId += 1
      const id = lastId
      const asked = { ...question, id } as unknown as Extract<Asked, { type: Type }>
      return new Promise((resolve, reject) => {
        waiting.set(id, { type: asked.type, take, resolve, reject })
        send(asked)
      })
    },
    settle(message: Extract<ServerMessage, { type: 'reply' }>): void {
      const asked = waiting.get(message.id)
      if (!asked) return
      waiting.delete(message.id)
      const reply = readReply(asked.type, message)
      if (reply) {
        asked.take(reply as never)
        asked.resolve(reply as never)
      } else asked.reject(new AppError('internal'))
    },
    fail(id: number, error: AppError): void {
      waiting.get(id)?.reject(error)
      waiting.delete(id)
    },
    abandon(): void {
      const lost = [...waiting.values()]
      waiting.clear()
      for (const { reject } of lost) reject(new AppError('disconnected'))
    },
  }
}
