import type { RoomClient } from '@maru/client'
import { lazy, Suspense } from 'react'

const Settings = lazy(async () => ({ default: (await import('../../features/settings/Settings.tsx')).Settings }))

interface SettingsDialogProps {
  client: RoomClient
  room: string
  open: boolean
  onClose: () => void
}

/** The settings, loaded when they are first asked for. */
export function SettingsDialog({ open, ...rest }: SettingsDialogProps) {
  if (!open) return null
  return (
    <Suspense fallback={null}>
      <Settings {...rest} />
    </Suspense>
  )
}
