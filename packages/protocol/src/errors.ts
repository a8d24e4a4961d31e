/** Every error a client can be shown: what it means and the HTTP status that says the same. */
export const errors = {
  bad_frame: { status: 400, meaning: 'The frame is not JSON, or a field is missing or of the wrong kind.' },
  unsupported_version: { status: 400, meaning: 'The client speaks another version of the room socket.' },
  hello_expected: { status: 400, meaning: 'The first frame has to be hello, and there is only one.' },
  room_empty: { status: 400, meaning: 'The room has no name.' },
  room_too_long: { status: 400, meaning: 'The room name is too long.' },
  room_bad_characters: { status: 400, meaning: 'The room name holds a character that does not belong there.' },
  name_empty: { status: 400, meaning: 'The nickname is empty or nothing of it can be seen.' },
  name_too_long: { status: 400, meaning: 'The nickname is too long.' },
  text_empty: { status: 400, meaning: 'The message is empty.' },
  text_too_long: { status: 400, meaning: 'The message is too long.' },
  topic_too_long: { status: 400, meaning: 'The topic is too long.' },
  emoji_bad: { status: 400, meaning: 'A reaction is one emoji.' },
  poll_bad: {
    status: 400,
    meaning: 'An option of the poll is empty, too long or there twice, or the choice does not fit it.',
  },
  history_bad: { status: 400, meaning: 'A page of history needs exactly one of before, after, around and at.' },
  query_bad: { status: 400, meaning: 'The search is empty or a part of it cannot be understood.' },
  file_bad: { status: 400, meaning: 'The file has no name, no size or no sound media type.' },
  hook_bad: { status: 400, meaning: 'The address of the webhook is none that messages can be sent to.' },
  unauthorized: { status: 401, meaning: 'The token is missing, expired or not signed by this server.' },
  forbidden: { status: 403, meaning: 'The token does not allow this.' },
  not_yours: { status: 403, meaning: 'Only who wrote the message may do this.' },
  owner_only: { status: 403, meaning: 'Only an owner of the room may do this.' },
  right_missing: { status: 403, meaning: 'The token of this bot does not have the right to do this.' },
  transfer_bad: { status: 403, meaning: 'The code for another device is wrong, used up or too old.' },
  session_ended: { status: 401, meaning: 'This session was ended on another device.' },
  foreign_origin: { status: 403, meaning: 'A page of another site tried to open the socket.' },
  not_found: { status: 404, meaning: 'There is nothing at this address.' },
  message_gone: { status: 404, meaning: 'This message does not exist or was deleted.' },
  member_unknown: { status: 404, meaning: 'Nobody of this room has this id.' },
  session_unknown: { status: 404, meaning: 'There is no such session of yours.' },
  bot_unknown: { status: 404, meaning: 'This room has no such bot.' },
  hook_unknown: { status: 404, meaning: 'This room has no such webhook.' },
  file_gone: { status: 404, meaning: 'This file does not exist or was deleted.' },
  method_not_allowed: { status: 405, meaning: 'The address exists, but not for this method.' },
  not_a_poll: { status: 409, meaning: 'This message is no poll.' },
  poll_closed: { status: 409, meaning: 'This poll is closed.' },
  poll_fixed: { status: 409, meaning: 'A poll cannot be edited: people have an opinion on what it says.' },
  too_many_reactions: { status: 409, meaning: 'The message has as many different reactions as fit.' },
  too_many_pins: { status: 409, meaning: 'The room has as many pinned messages as fit.' },
  too_many_bots: { status: 409, meaning: 'The room has as many bots as fit.' },
  too_many_hooks: { status: 409, meaning: 'The room has as many webhooks as fit.' },
  file_incomplete: { status: 409, meaning: 'The file has not arrived completely.' },
  file_used: { status: 409, meaning: 'The file belongs to another message already.' },
  offset_wrong: { status: 409, meaning: 'The upload goes on at another place.' },
  too_large: { status: 413, meaning: 'More bytes than allowed.' },
  file_too_large: { status: 413, meaning: 'The file is larger than this server takes.' },
  too_fast: { status: 429, meaning: 'Too many frames in a short time; wait a moment.' },
  files_full: { status: 507, meaning: 'The server has no room for more files.' },
  room_full: { status: 503, meaning: 'Nobody else fits into the room now.' },
  storage_unavailable: { status: 503, meaning: 'The server cannot write to its disk; nothing was stored.' },
  call_unavailable: { status: 503, meaning: 'No call can be joined on this server now.' },
  disconnected: { status: 503, meaning: 'The connection was lost before the answer came.' },
  internal: { status: 500, meaning: 'Something unexpected happened in the server.' },
} as const satisfies Record<string, { status: number; meaning: string }>

export type ErrorCode = keyof typeof errors

export const errorCodes = Object.keys(errors) as [ErrorCode, ...ErrorCode[]]

/** What a frame, a page and a terminal need in order to say what went wrong. */
export interface Problem {
  code: ErrorCode
  message: string
  /** The field of the request that caused it. */
  field?: string
}

/** The one error class that may reach a user; anything else becomes `internal`. */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly field: string | undefined

  constructor(
    code: ErrorCode,
    message: string = errors[code].meaning,
    options: { field?: string; cause?: unknown } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.name = 'AppError'
    this.code = code
    this.field = options.field
  }

  problem(): Problem {
    return { code: this.code, message: this.message, ...(this.field === undefined ? {} : { field: this.field }) }
  }
}
