/** Caps on everything that is held for somebody. They are far above what clients do and far below what would hurt. */
export const MAX_PENDING_TRACKS = 20
export const MAX_QUEUED_TRACKS = 3
export const MAX_TRACKS = 100
/** Wishes about tracks, known or not yet known, that one participant may keep. */
export const MAX_INTENTS = 4_000
/** Ids of tracks are far shorter; a wish about a longer one is about nothing. */
export const MAX_SID_LENGTH = 64
export const MAX_TRACK_PERMISSIONS = 4_000
export const MAX_NAME_LENGTH = 256
/** The ids and names that clients give to their tracks. */
export const MAX_TRACK_TEXT_LENGTH = 1024
export const MAX_METADATA_BYTES = 512 * 1024
export const MAX_ATTRIBUTES_BYTES = 64 * 1024
export const MAX_SDP_BYTES = 1024 * 1024
/** Reliable data kept for a participant whose connection is still being made. */
export const MAX_HELD_DATA_BYTES = 100_000

/** Marks of what the server said that are kept, and for how long. Who asks again does so sooner. */
export const MAX_NONCES = 10_000
export const NONCE_MS = 5 * 60_000

/** Remote procedures of participants that the server has called and that are under way, in one call. */
export const MAX_RPCS = 1_000
/** Clients begin at once; who has not after this time does not hear. */
export const RPC_ACK_MS = 7_000

/** How long a track that somebody asked for may not be there, until it is told so. A publisher who joins anew takes less. */
export const TRACK_NOT_FOUND_MS = 60_000

/** A participant who never becomes active is not kept. */
export const JOIN_TIMEOUT_MS = 60_000
/** How long somebody without signalling stays while its media flows; clients try to go on for less. */
export const SIGNAL_GRACE_MS = 60_000
/** How long the place is kept of somebody who has to join anew, so that it looks to the others like never having gone. */
export const REJOIN_GRACE_MS = 8_000
/** Who asked to be reached by TCP alone, as a trial, is for so long; LiveKit's server does the same. */
export const TCP_ONLY_MS = 5 * 60_000
/** Somebody who was away hears who left meanwhile. */
export const MAX_DEPARTED = 1_000
/** A video that nobody looks at is sent for this long still: who looks away often looks back. */
export const UNWATCHED_MS = 5_000
export const TOKEN_REFRESH_MS = 5 * 60_000
export const QUALITY_INTERVAL_MS = 5_000
export const COUNTS_INTERVAL_MS = 5_000
export const EMPTY_TIMEOUT_S = 300
export const DEPARTURE_TIMEOUT_S = 20
