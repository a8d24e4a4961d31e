import { open } from 'node:fs/promises'

/** Comes back when a file, or what a folder lists, is on the disk. `flags`: 'r' for a folder. */
export async function sync(path: string, flags: 'r' | 'r+'): Promise<void> {
  const file = await open(path, flags)
  await file.sync().finally(() => file.close())
}
