import { call } from '../../features/call/words.en.ts'
import { chat } from '../../features/chat/words.en.ts'
import { landing } from '../../features/landing/words.en.ts'
import { people } from '../../features/people/words.en.ts'
import { prejoin } from '../../features/prejoin/words.en.ts'
import { problems } from '../../features/problems/words.en.ts'
import { shell } from './shell.en.ts'

/** Every word of the page in English. Its shape is the catalogue's type: a text missing in Korean does not compile. */
export const en = { shell, landing, chat, people, call, prejoin, problems }

export type Words = typeof en
