import type { CallSnapshot, Device, DeviceList } from '@maru/client/call'
import type { MenuItem } from '../../ui/Menu.tsx'
import type { CallWords } from './words.en.ts'

export type DeviceKind = 'microphone' | 'camera' | 'speaker'

/** The choices of a menu, each kind under its name. A kind that cannot be chosen is left out, save the first. */
export function deviceItems(
  kinds: DeviceKind[],
  devices: DeviceList,
  active: CallSnapshot['active'],
  words: CallWords,
): MenuItem[] {
  return kinds.flatMap((kind, i) => {
    const list = devices[`${kind}s`]
    const title = kind === 'speaker' ? words.devices.speaker : words[kind]
    if (list.length === 0) return i === 0 ? [{ id: kind, label: words.noDevices, disabled: true }] : []
    const heading: MenuItem = { id: kind, label: title, disabled: true }
    return [heading, ...list.map((device, number) => deviceItem(kind, device, title, number, active, words))]
  })
}

function deviceItem(
  kind: DeviceKind,
  device: Device,
  title: string,
  number: number,
  active: CallSnapshot['active'],
  words: CallWords,
): MenuItem {
  return {
    id: `${kind} ${device.id}`,
    label: device.label || words.unnamed(title, number + 1),
    checked: device.id === (active[kind] ?? 'default'),
  }
}

/** What a picked item stands for. */
export function pickedDevice(item: string): { kind: DeviceKind; id: string } | undefined {
  const [, kind, id] = /^(microphone|camera|speaker) (.+)$/s.exec(item) ?? []
  return kind && id ? { kind: kind as DeviceKind, id } : undefined
}
