import { useState } from 'react'
import { chooseNotify, notifyChoices, useNotify } from '../../lib/notify.ts'
import { Button } from '../../ui/Button.tsx'
import { Section } from './Section.tsx'
import { useSettingsWords } from './use-settings-words.ts'

/** Of what in this room one is told, and whether the browser may do that. */
export function Notifications({ room }: { room: string }) {
  const words = useSettingsWords()
  const chosen = useNotify(room)
  const [permission, setPermission] = useState(currentPermission)
  const ask = () => void Notification.requestPermission().then(setPermission)
  return (
    <Section title={words.notifications}>
      <div role="radiogroup" aria-label={words.notifications} className="grid gap-1">
        {notifyChoices.map((choice) => (
          <label key={choice} className="flex min-h-10 items-center gap-3 pointer-coarse:min-h-11">
            <input
              type="radio"
              name="notify"
              className="size-5 flex-none accent-wood"
              checked={choice === chosen}
              onChange={() => chooseNotify(room, choice)}
            />
            {words.notify[choice]}
          </label>
        ))}
      </div>
      {chosen !== 'none' && <p className="text-sm text-soft">{words.permission[permission]}</p>}
      {chosen !== 'none' && permission === 'default' && (
        <Button size="small" className="justify-self-start" onClick={ask}>
          {words.allow}
        </Button>
      )}
    </Section>
  )
}

function currentPermission(): NotificationPermission | 'none' {
  return isSecureContext && 'Notification' in window ? Notification.permission : 'none'
}
