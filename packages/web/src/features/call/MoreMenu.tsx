import type { CallClient, CallSnapshot } from '@maru/client/call'
import Ellipsis from 'lucide-react/icons/ellipsis'
import { Menu, type MenuItem } from '../../ui/Menu.tsx'
import type { Controls } from './ControlBar.tsx'
import { deviceItems, pickedDevice } from './device-items.ts'
import { useCallWords } from './use-call-words.ts'
import { useDevices } from './use-devices.ts'

interface MoreMenuProps {
  client: CallClient
  call: CallSnapshot
  controls: Controls
  canShare: boolean
}

/** What has no place in the bar of a phone. */
export function MoreMenu({ client, call, controls, canShare }: MoreMenuProps) {
  const words = useCallWords()
  const devices = useDevices(call.active.camera ?? call.active.microphone)
  const items: MenuItem[] = [
    { id: 'people', label: words.peoplePanel },
    ...(canShare ? [{ id: 'share', label: controls.shares ? words.shareStop : words.shareStart }] : []),
    ...deviceItems(['camera', 'microphone', 'speaker'], devices, call.active, words),
  ]
  return (
    <Menu
      label={words.more}
      side="above"
      items={items}
      buttonClassName="inline-flex h-14 flex-col items-center justify-center gap-0.5 rounded-[14px] text-xs font-medium text-soft transition hover:text-ink aria-expanded:text-ink"
      onPick={(item) => {
        const picked = pickedDevice(item)
        if (picked) void client.chooseDevice(picked.kind, picked.id)
        else if (item === 'people' || item === 'share') controls.run[item]()
      }}
    >
      <Ellipsis size={22} aria-hidden="true" />
      <span>{words.more}</span>
    </Menu>
  )
}
