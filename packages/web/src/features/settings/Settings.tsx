import type { RoomClient } from '@maru/client'
import { Dialog } from '../../ui/Dialog.tsx'
import { Devices } from './Devices.tsx'
import { Forget } from './Forget.tsx'
import { Notifications } from './Notifications.tsx'
import { OwnName } from './OwnName.tsx'
import { RoomRules } from './RoomRules.tsx'
import { useSettingsWords } from './use-settings-words.ts'

/** What one decides about oneself, and an owner about the room. All of it holds at once. */
export function Settings({ client, room, onClose }: { client: RoomClient; room: string; onClose: () => void }) {
  const words = useSettingsWords()
  return (
    <Dialog title={words.title} open onClose={onClose}>
      <div className="grid gap-6">
        <Notifications room={room} />
        <OwnName client={client} />
        <Devices client={client} />
        <RoomRules client={client} />
        <Forget client={client} />
      </div>
    </Dialog>
  )
}
