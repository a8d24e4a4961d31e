import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { arrive, type Person, smallCamera } from './stage/person.ts'
import { seesAndHears } from './stage/sees-and-hears.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium', 'firefox')

/** As behind a firewall that lets no datagrams through: the page hears of no address that they could go to. */
async function withoutDatagrams(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const set = RTCPeerConnection.prototype.setRemoteDescription as (
      description: RTCSessionDescriptionInit,
    ) => Promise<void>
    RTCPeerConnection.prototype.setRemoteDescription = function (description: RTCSessionDescriptionInit) {
      const sdp = description.sdp?.replace(/^a=candidate:\S+ \d udp .*\r\n/gim, '') ?? ''
      return set.call(this, { type: description.type, sdp })
    }
  })
}

/** The protocols of the paths that a page uses now, one for each of its connections. */
function protocols(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const found: string[] = []
    for (const connection of window.connections) {
      if (connection.connectionState !== 'connected') continue
      const rows = [...(await connection.getStats()).values()]
      // More than one may have been nominated on the way. Firefox marks the one in use, Chromium's transport names it.
      const chosen = rows.find((row) => row.type === 'transport')?.selectedCandidatePairId
      const pair = rows.find((row) => row.type === 'candidate-pair' && (row.selected || row.id === chosen))
      found.push(rows.find((row) => row.id === pair?.localCandidateId)?.protocol ?? '')
    }
    return found
  })
}

test('people behind a firewall that passes TCP alone see, hear and are seen', { timeout: 300_000 }, async () => {
  const people: Person[] = []
  for (const [browser, name, isBehind] of [
    [stage.chromium, 'Ana', true],
    [stage.firefox, 'Ben', true],
    [stage.chromium, 'Cho', false],
  ] as const) {
    const person = await arrive(browser, {
      url: stage.server.url,
      room: 'firewall',
      name,
      camera: smallCamera,
      ...(isBehind && { prepare: withoutDatagrams }),
    })
    await person.join()
    people.push(person)
  }
  const [ana, ben, cho] = people as [Person, Person, Person]
  for (const person of people) await seesAndHears(person, 2)
  expect(new Set(await protocols(ana.page))).toEqual(new Set(['tcp']))
  expect(new Set(await protocols(ben.page))).toEqual(new Set(['tcp']))
  // Where the first datagrams are late a path over TCP serves until the better one is known.
  await until(
    'datagrams alone',
    () => protocols(cho.page),
    (found) => found.length > 0 && found.every((protocol) => protocol === 'udp'),
  )
})
