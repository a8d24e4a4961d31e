import { AppError, limits, readPollOptions } from '@maru/protocol'

/** The options of a poll as they are stored; nothing where they make none. */
export function pollOptions(typed: readonly string[]): string[] | undefined {
  if (typed.length < 2 || typed.length > limits.pollOptions) return undefined
  try {
    return readPollOptions(typed)
  } catch (error) {
    if (error instanceof AppError) return undefined
    throw error
  }
}
