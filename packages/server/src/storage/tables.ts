import type { Generated } from 'kysely'

/** The columns as Kysely sees them. Times are ms since the epoch; what is true or false is 1 or 0. */
export interface Tables {
  room: {
    id: Generated<number>
    name: string
    created_at: number
    last_seq: Generated<number>
    /** The newest number that everybody may read, and the one before it. */
    last_public: Generated<number>
    previous_public: Generated<number>
    /** The number of the newest message that everybody may read, or could before it was deleted. */
    last_message: Generated<number>
    topic: Generated<string>
    keep: Generated<'all' | 'joined' | 'days' | 'none'>
    keep_days: number | null
    expired: Generated<number>
  }
  member: { id: string; name: string; created_at: number }
  session: {
    id: string
    member_id: string
    token_hash: Uint8Array
    device: string
    created_at: number
    seen_at: number
    /** Of a bot: the only room it may enter, and what it may do there, as JSON. */
    room_id: number | null
    rights: string | null
  }
  transfer: { code_hash: Uint8Array; member_id: string; expires_at: number }
  membership: {
    room_id: number
    member_id: string
    name: string
    /** `nameKey` of the name. */
    key: string
    owner: number
    /** The room's last number when the member came first. */
    since: number
    read: number
  }
  entry: {
    id: Generated<number>
    room_id: number
    seq: number
    at: number
    kind: string
    /** 1 where it is shown in the log, 0 where it changes what is shown. */
    line: number
    member_id: string
    name: string
    /** Of a private message, or a change of one: who beside `member_id` may read it. */
    to_id: string | null
    to_name: string | null
    text: string | null
    client_id: string | null
    before: string | null
    reply_to: number | null
    root: number | null
    target: number | null
    edited_at: number | null
    deleted: Generated<number>
    answers: Generated<number>
    last_answer: Generated<number>
    /** What only one kind has, as JSON. */
    data: string | null
  }
  /**
   * Messages that are no longer kept, by a hash of who sent them under which id: what is sent again is not stored again. Nothing else is left of
   * them.
   */
  sent: { hash: Uint8Array; room_id: number; seq: number; at: number; gone_at: number }
  reaction: { room_id: number; seq: number; emoji: string; member_id: string; name: string; id: Generated<number> }
  /** The one row says up to which entry the search index has come. */
  indexed: {
    id: number
    last: number
    /** Entries up to this one are in it with the folding of before (`foldTextBefore`). */
    old_folded: Generated<number>
  }
  vote: { room_id: number; seq: number; member_id: string; name: string; choice: string }
  pin: { room_id: number; seq: number; id: Generated<number> }
  file: {
    id: string
    room_id: number
    member_id: string
    name: string
    type: string
    size: number
    /** What else the sender says about it, as JSON. */
    details: string
    created_at: number
    /** The name of its content on the disk, once all of it is there. */
    hash: string | null
    /** The message it belongs to. */
    seq: number | null
    /** 1: nobody needs it any more, and its content has to go. */
    gone: Generated<number>
  }
  mention: { room_id: number; member_id: string; seq: number }
  hook: {
    id: string
    room_id: number
    url: string
    secret: string
    created_by: string
    created_at: number
    /** The number of the last entry that needs no sending any more. */
    delivered: number
    problem: string | null
  }
  presence: { room_id: number; member_id: string; name: string }
}
