import type { CallClient, CallSnapshot } from '@maru/client/call'
import ChevronUp from 'lucide-react/icons/chevron-up'
import { Menu } from '../../ui/Menu.tsx'
import { deviceItems, pickedDevice } from './device-items.ts'
import { useCallWords } from './use-call-words.ts'
import { useDevices } from './use-devices.ts'

interface DeviceMenuProps {
  client: CallClient
  call: CallSnapshot
  of: 'microphone' | 'camera'
}

/** The arrow beside a switch: which device it switches. The speaker is under the microphone's. */
export function DeviceMenu({ client, call, of }: DeviceMenuProps) {
  const words = useCallWords()
  const devices = useDevices(call.active[of])
  return (
    <Menu
      label={words.devices[of]}
      side="above"
      items={deviceItems(of === 'microphone' ? ['microphone', 'speaker'] : ['camera'], devices, call.active, words)}
      buttonClassName="grid h-14 w-6 place-items-center rounded-[10px] text-faint transition hover:bg-ink/6 hover:text-ink"
      onPick={(item) => {
        const picked = pickedDevice(item)
        if (picked) void client.chooseDevice(picked.kind, picked.id)
      }}
    >
      <ChevronUp size={15} aria-hidden="true" />
    </Menu>
  )
}
