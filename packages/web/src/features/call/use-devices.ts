import { type DeviceList, listDevices, noDevices, onDevicesChange } from '@maru/client/call'
import { useEffect, useState } from 'react'

/** The devices of this machine. `changed` is anything after which their names may be known better. */
export function useDevices(changed: unknown): DeviceList {
  const [devices, setDevices] = useState(noDevices)
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is there to run this again.
  useEffect(() => {
    let gone = false
    const refresh = async () => {
      const now = await listDevices().catch(() => noDevices)
      if (!gone) setDevices(now)
    }
    void refresh()
    const stop = onDevicesChange(() => void refresh())
    return () => {
      gone = true
      stop()
    }
  }, [changed])
  return devices
}
