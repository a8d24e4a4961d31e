import type { RoomClient } from '@maru/client'
import { remembered } from '../../lib/remembered.ts'
import { Button } from '../../ui/Button.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { useSettingsWords } from './use-settings-words.ts'

const formats = ['html', 'json'] as const

/** The conversation as a file of one's own. */
export function TakeRoom({ client }: { client: RoomClient }) {
  const words = useSettingsWords()
  return (
    <div className="grid gap-2">
      <p className="text-sm font-semibold">{words.takeRoom}</p>
      <p className="text-sm text-soft">{words.takeRoomText}</p>
      <div className="flex flex-wrap gap-2">
        {formats.map((format) => (
          <Button
            key={format}
            size="small"
            onClick={() => void save(client.state().room, format).catch(() => toast(words.failed))}
          >
            {words.takeRoomAs[format]}
          </Button>
        ))}
      </div>
    </div>
  )
}

/** A link could not carry the token that the server asks for. */
async function save(room: string, format: (typeof formats)[number]): Promise<void> {
  const headers = { authorization: `Bearer ${remembered('token') ?? ''}` }
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
  const query = format === 'html' ? `?zone=${encodeURIComponent(timeZone)}` : ''
  const response = await fetch(`/api/rooms/${encodeURIComponent(room)}/export.${format}${query}`, { headers })
  if (!response.ok) throw new Error(`the server answered ${response.status}`)
  const link = document.createElement('a')
  link.href = URL.createObjectURL(await response.blob())
  link.download = `${room}.${format}`
  link.click()
  // The browser has begun to copy it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
