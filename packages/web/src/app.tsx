import { ProblemScreen } from './features/problems/ProblemScreen.tsx'
import { useRoute } from './lib/route.ts'
import { LandingPage } from './pages/LandingPage.tsx'
import { RoomPage } from './pages/room/RoomPage.tsx'
import { Stumble } from './ui/Stumble.tsx'
import { Toasts } from './ui/Toasts.tsx'

export function App() {
  const route = useRoute()
  const key = route.page === 'room' ? route.room : '/'
  return (
    <>
      <Stumble key={key} instead={<Broken />}>
        {route.page === 'room' ? <RoomPage room={route.room} /> : <LandingPage />}
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
