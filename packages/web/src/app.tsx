import { useRoute } from './lib/route.ts'
import { LandingPage } from './pages/LandingPage.tsx'
import { RoomPage } from './pages/room/RoomPage.tsx'
import { Toasts } from './ui/Toasts.tsx'

export function App() {
  const route = useRoute()
  return (
    <>
      {route.page === 'room' ? <RoomPage key={route.room} room={route.room} /> : <LandingPage />}
      <Toasts />
    </>
  )
}
