import type { FileInfo } from '@maru/protocol'
import { expect, onTestFinished, test } from 'vitest'
import { openStorage } from '../storage/open-storage.ts'
import { limitUnsentUploads } from './unsent-uploads.ts'

function start() {
  const storage = openStorage({ database: ':memory:' })
  onTestFinished(() => storage.close())
  const uploads = limitUnsentUploads(storage, { fileBytes: 100, totalBytes: 2_000 })
  let made = 0
  /** Each by a member of its own. */
  const announce = (address: string | undefined, bytes: number) =>
    uploads.announce(address, bytes, () => {
      made += 1
      const info: FileInfo = { id: `FI_${made}`, name: 'a.txt', type: 'text/plain', size: bytes }
      return storage.write(({ files, rooms }) => {
        files.insert({ info, roomId: rooms.ensure('hall'), member: `ME_${made}` })
        return info
      })
    })
  return { storage, uploads, announce }
}

test('many members of one address fill no more of the room for files than their part, others go on', async () => {
  const { storage, announce } = start()
  // A quarter of 2,000 bytes.
  const files = await Promise.all(Array.from({ length: 5 }, () => announce('203.0.113.7', 100)))
  await expect(announce('203.0.113.7', 1)).rejects.toMatchObject({ code: 'too_fast', message: /send or cancel/ })
  await announce('203.0.113.8', 100)
  await announce(undefined, 100)

  // What is sent, and what is given up, counts no more.
  await storage.write(({ files: { attach, giveUp } }) => {
    attach(files[0]?.id ?? '', 1)
    giveUp(files[1]?.id ?? '')
  })
  await announce('203.0.113.7', 200)
  await expect(announce('203.0.113.7', 1)).rejects.toMatchObject({ code: 'too_fast' })
})

test('what could not be announced takes no room; announcements that come together are counted together', async () => {
  const { uploads, announce } = start()
  const refused = uploads.announce('203.0.113.7', 500, () => Promise.reject(new Error('the disk is full')))
  await expect(announce('203.0.113.7', 1)).rejects.toMatchObject({ code: 'too_fast' })
  await expect(refused).rejects.toThrow('the disk is full')
  await announce('203.0.113.7', 500)
})

test('an address has so many small files waiting and no more', async () => {
  const { announce } = start()
  for (let n = 0; n < 500; n += 1) await announce('203.0.113.7', 1)
  await expect(announce('203.0.113.7', 1)).rejects.toMatchObject({ code: 'too_fast' })
})
