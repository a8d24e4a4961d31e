import HardDrive from 'lucide-react/icons/hard-drive'
import { useEffect } from 'react'
import { announce } from '../../ui/announce.ts'
import { useMoreWords } from './more-words.ts'

/** Stands above the message field while the server cannot store anything: what is written waits, and is sent by itself. */
export function StorageNote() {
  const words = useMoreWords()
  useEffect(() => {
    announce(words.storageStuck)
    return () => announce(words.storageBack)
  }, [words])
  return (
    <p className="rise mx-3 mb-2 flex items-center gap-2.5 rounded-button bg-wood-tint px-3.5 py-2 text-sm text-ink">
      <HardDrive size={17} className="flex-none text-wood" aria-hidden="true" />
      {words.storageStuck}
    </p>
  )
}
