import type { RoomClient } from '@maru/client'
import HardDrive from 'lucide-react/icons/hard-drive'
import { useEffect, useRef } from 'react'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { announce } from '../../ui/announce.ts'

/** A line over the page while the server cannot store anything. What is written meanwhile waits, and is sent by itself. */
export function StorageBanner({ client }: { client: RoomClient }) {
  const { problems } = useWords()
  const isStuck = useStore(client, (state) => state.connection === 'open' && !state.storageWorks)
  const told = useRef(false)
  useEffect(() => {
    if (isStuck === told.current) return
    told.current = isStuck
    announce(isStuck ? problems.storageStuck : problems.storageBack)
  }, [isStuck, problems])
  if (!isStuck) return null
  return (
    <section aria-label={problems.storage} className="fixed inset-x-0 top-2 z-40 flex justify-center px-3">
      <p className="rise flex min-h-11 max-w-2xl items-center gap-3 rounded-[14px] border border-line bg-raised px-4 py-2 text-sm font-medium shadow-soft">
        <HardDrive size={18} className="flex-none text-wood" aria-hidden="true" />
        {problems.storageStuck}
      </p>
    </section>
  )
}
