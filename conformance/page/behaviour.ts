import type { Setting, Stage } from './stage.ts'

/** One thing that people who use the client rely on. Expectations were first seen with the real server (`--peer`). */
export interface Behaviour {
  readonly name: string
  readonly run: (stage: Stage) => Promise<void>
  /** Where it means something; everywhere when absent. */
  readonly where?: (setting: Setting) => boolean
  /** In the short form, which is part of `npm test`. */
  readonly short: boolean
  /** Maru does it on purpose and the real server does not: in what the difference lies. Such a behaviour is not asked of the real server. */
  readonly better?: string
  /** Why a client does not show it, with the real server neither: the fault is the client's own. It is named and not run. */
  readonly lacking?: (setting: Setting) => string | undefined
  /** It disturbs others or is disturbed by them: runs by itself. */
  readonly alone: boolean
}

type Details = Partial<Pick<Behaviour, 'where' | 'short' | 'better' | 'lacking' | 'alone'>>

export function behaviour(name: string, run: Behaviour['run'], details: Details = {}): Behaviour {
  return { name, run, short: true, alone: false, ...details }
}
