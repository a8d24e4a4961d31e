import type { Person } from './person.ts'
import { until } from './until.ts'

/** Moving pictures of `others` people and the sound of each arrive, and go on arriving. */
export async function seesAndHears(person: Person, others: number): Promise<void> {
  const before = await until(
    `${person.name} seeing and hearing ${others}`,
    person.hears,
    ({ videos, audios }) =>
      videos.filter((video) => video.framesDecoded > 3).length >= others &&
      audios.filter((audio) => audio.energy > 0).length >= others,
  )
  await until(`pictures moving on for ${person.name}`, person.hears, ({ videos, audios }) => {
    const moved = videos.filter(
      ({ id, framesDecoded }) =>
        framesDecoded > (before.videos.find((video) => video.id === id)?.framesDecoded ?? 0) + 10,
    )
    const heard = audios.filter(
      ({ id, energy }) => energy > (before.audios.find((audio) => audio.id === id)?.energy ?? 0),
    )
    return moved.length >= others && heard.length >= others
  })
}
