import type { Device, Preview, PreviewState } from '@maru/client/call'
import type { LucideIcon } from 'lucide-react'
import Mic from 'lucide-react/icons/mic'
import Video from 'lucide-react/icons/video'
import Volume2 from 'lucide-react/icons/volume-2'
import { Select } from '../../ui/Select.tsx'
import { usePrejoinWords } from './use-prejoin-words.ts'

/** Which devices to use. Real names are there as soon as the browser has allowed one of a kind. */
export function DeviceSelects({ preview, state }: { preview: Preview; state: PreviewState }) {
  const words = usePrejoinWords()
  const { microphones, cameras, speakers } = state.devices
  return (
    <div className="grid gap-2 sm:grid-flow-col sm:auto-cols-fr">
      <DeviceSelect
        icon={Mic}
        label={words.microphone}
        devices={microphones}
        chosen={state.microphone.device}
        onChoose={(id) => void preview.set('microphone', id)}
      />
      {speakers.length > 0 && (
        <DeviceSelect
          icon={Volume2}
          label={words.speaker}
          devices={speakers}
          chosen={state.speaker}
          onChoose={(id) => preview.setSpeaker(id)}
        />
      )}
      <DeviceSelect
        icon={Video}
        label={words.camera}
        devices={cameras}
        chosen={state.camera.device}
        onChoose={(id) => void preview.set('camera', id)}
      />
    </div>
  )
}

interface DeviceSelectProps {
  icon: LucideIcon
  label: string
  devices: Device[]
  chosen: string | undefined
  onChoose: (id: string) => void
}

function DeviceSelect({ icon: Icon, label, devices, chosen, onChoose }: DeviceSelectProps) {
  const words = usePrejoinWords()
  const isKnown = devices.some((device) => device.id === chosen)
  return (
    <div className="relative min-w-0 text-soft">
      <Icon size={18} aria-hidden="true" className="pointer-events-none absolute start-3.5 top-3.25 z-1" />
      <Select
        aria-label={label}
        value={isKnown ? chosen : ''}
        disabled={devices.length === 0}
        className="h-11 rounded-button border border-line !bg-surface !ps-10 transition hover:border-line-strong disabled:opacity-60 sm:!text-[0.9rem]"
        onChange={(event) => event.currentTarget.value && onChoose(event.currentTarget.value)}
      >
        {!isKnown && <option value="">{words.systemDefault}</option>}
        {devices.map((device, i) => (
          <option key={device.id} value={device.id}>
            {device.label || words.unnamed(label, i + 1)}
          </option>
        ))}
      </Select>
    </div>
  )
}
