import { useEffect } from 'react'
import { Landing } from '../features/landing/Landing.tsx'
import { InsecureChip } from '../features/problems/InsecureNotice.tsx'
import { navigate, roomPath } from '../lib/route.ts'
import { useWords } from '../lib/words/use-words.ts'
import { Brand } from '../ui/Brand.tsx'
import { Preferences } from '../ui/Preferences.tsx'

export function LandingPage() {
  const { shell } = useWords()
  useEffect(() => {
    document.title = shell.product
  }, [shell])
  return (
    <div className="grid min-h-dvh grid-cols-1 grid-rows-[auto_1fr]">
      <header className="flex items-center gap-2 px-5 py-4 sm:px-7">
        <Brand />
        <span className="flex-1" />
        <InsecureChip />
        <Preferences />
      </header>
      <main className="grid grid-cols-1">
        <Landing onOpen={(room) => navigate(roomPath(room))} />
      </main>
    </div>
  )
}
