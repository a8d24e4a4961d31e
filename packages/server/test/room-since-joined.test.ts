import { onTestFinished, test } from 'vitest'
import { Member, startRoomServer } from './room-harness.ts'

test('where each sees what was said since they came, no quote and no edit tells of before, now or later', async ({
  expect,
}) => {
  const { url, close } = await startRoomServer({ now: () => Date.now() * 1_000 })
  onTestFinished(close)
  const olga = await new Member(url).come('hall', 'Olga')
  const early = await olga.write('a secret of before')
  await olga.ask('setRetention', { retention: { keep: 'joined' } })
  const ben = await new Member(url).come('hall', 'Ben')
  const answer = await olga.write('an answer', { replyTo: early })
  await olga.ask('edit', { target: early, text: 'another secret of before' })
  const last = await olga.write('the end')

  const heard = async (who: Member) => {
    for (;;) if ((await who.take('entry')).entry.seq === last) return
  }
  const seen = JSON.stringify.bind(JSON)
  const live: unknown[] = []
  for (;;) {
    const { entry } = await ben.take('entry')
    live.push(entry)
    if (entry.seq === last) break
  }
  expect(live).toMatchObject([
    { kind: 'joined' },
    { seq: answer, text: 'an answer', replyTo: { seq: early, text: '', deleted: true } },
    { kind: 'edited', target: early, text: '' },
    { seq: last },
  ])
  expect(seen(live)).not.toContain('secret')
  await heard(olga)
  const page = await ben.ask('history', { before: 1_000 })
  expect(seen(page)).not.toContain('secret')
  const cursor = ben.welcome.cursor
  const { token } = ben.welcome
  const again = await new Member(url).come('hall', 'Ben', { token, cursor })
  expect(again.welcome.reset).toBe(false)
  expect(seen(again.welcome)).not.toContain('secret')
  // Who was there reads all of it.
  expect(seen(await olga.ask('history', { before: 1_000 }))).toContain('another secret of before')
})
