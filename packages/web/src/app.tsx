import { lazy, Suspense } from 'react'
import { ProblemScreen } from './features/problems/ProblemScreen.tsx'
import { useRoute } from './lib/route.ts'
import { RoomPage } from './pages/room/RoomPage.tsx'
import { Stumble } from './ui/Stumble.tsx'
import { Toasts } from './ui/Toasts.tsx'

// A link leads into a room: only who comes without one needs the start page.
const LandingPage = lazy(async () => ({ default: (await import('./pages/LandingPage.tsx')).LandingPage }))

export function App() {
  const route = useRoute()
  const key = route.page === 'room' ? route.room : '/'
  return (
    <>
      <Stumble key={key} instead={<Broken />}>
        <Suspense fallback={null}>{route.page === 'room' ? <RoomPage room={route.room} /> : <LandingPage />}</Suspense>
      </Stumble>
      <Toasts />
    </>
  )
}

/** An error of the page itself, or a part of it that could not be fetched: loading it again is the way on. */
function Broken() {
  return (
    <main className="h-dvh">
      <ProblemScreen
        screen="page_broken"
        name=""
        onRetry={() => location.reload()}
        onName={() => undefined}
        onHome={() => location.assign('/')}
      />
    </main>
  )
}
