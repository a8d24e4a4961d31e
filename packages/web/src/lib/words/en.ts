import { chat } from '../../features/chat/words.en.ts'
import { problems } from '../../features/problems/words.en.ts'
import { shell } from './shell.en.ts'
/** Every word in English that the first load may need; pages that come later bring their own. Its shape is the catalogue's type: a text missing in Korean does not compile. */
export const en = { shell, chat, problems }

export type Words = typeof en
