// The page's entry: every behaviour by its number, run one at a time.
import type { Behaviour } from './behaviour.ts'
import { codecs } from './codecs.ts'
import { connect } from './connect.ts'
import { data } from './data.ts'
import { encrypt } from './encrypt.ts'
import { layers, showLayers } from './layers.ts'
import { people } from './people.ts'
import { publish } from './publish.ts'
import { receive } from './receive.ts'
import { reconnect } from './reconnect.ts'
import { type LayersWish, type Setting, Stage } from './stage.ts'

const subjects: Record<string, Behaviour[]> = {
  codecs,
  connect,
  data,
  encrypt,
  layers,
  people,
  publish,
  receive,
  reconnect,
}
const all = Object.entries(subjects).flatMap(([subject, behaviours]) =>
  behaviours.map((behaviour) => ({ ...behaviour, subject })),
)

export interface Listed {
  name: string
  subject: string
  short: boolean
  alone: boolean
  better?: string
  /** Why this client does not show it with any server. */
  lacking?: string
}

export interface Page {
  /** Behaviours that mean something in this setting. */
  list(setting: Setting): Listed[]
  /** Resolves to what went wrong, or to nothing. */
  run(setting: Setting, name: string): Promise<string | undefined>
  /** For behaviours in a browser that does not encode what they need. */
  showLayers(wish: LayersWish): Promise<void>
}

const page: Page = {
  showLayers,
  list: (setting) =>
    all
      .filter(({ where }) => where?.(setting) ?? true)
      .map(({ name, subject, short, alone, better, lacking }) => {
        const why = lacking?.(setting)
        return { name, subject, short: short && !alone, alone, ...(better && { better }), ...(why && { lacking: why }) }
      }),
  async run(setting, name) {
    const found = all.find((each) => each.name === name)
    if (!found) return 'there is no such behaviour'
    performance.clearResourceTimings()
    const stage = new Stage(setting)
    try {
      await found.run(stage)
      return undefined
    } catch (error) {
      return error instanceof Error ? error.message || error.name : String(error)
    } finally {
      await stage.end()
    }
  },
}
Object.assign(globalThis, { conformance: page })
