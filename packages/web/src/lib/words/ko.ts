import { chat } from '../../features/chat/words.ko.ts'
import { problems } from '../../features/problems/words.ko.ts'
import type { Words } from './en.ts'
import { shell } from './shell.ko.ts'

/** Every word of the page in Korean. */
export const ko: Words = { shell, chat, problems }
