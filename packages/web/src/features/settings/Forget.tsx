import type { RoomClient } from '@maru/client'
import { useLayoutEffect, useRef, useState } from 'react'
import { forgetBrowser } from '../../lib/forget-browser.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { Button } from '../../ui/Button.tsx'
import { toast } from '../../ui/Toasts.tsx'
import { Section } from './Section.tsx'
import { useSettingsWords } from './use-settings-words.ts'

/** The end of a membership, on the server and in this browser. Asked twice: there is no way back. */
export function Forget({ client }: { client: RoomClient }) {
  const words = useSettingsWords()
  const { shell } = useWords()
  const [isAsked, setIsAsked] = useState(false)
  const no = useRef<HTMLButtonElement>(null)
  useLayoutEffect(() => {
    if (isAsked) no.current?.focus()
  }, [isAsked])
  const forget = async () => {
    try {
      await client.ask<'forgetMe'>({ type: 'forgetMe' })
    } catch {
      // The end of the session may come before the answer, and is one.
      if (client.state().problem?.code !== 'session_ended') return toast(words.failed)
    }
    client.close()
    await forgetBrowser()
    location.replace('/')
  }
  return (
    <Section title={words.forget}>
      <p className="text-sm text-soft">{words.forgetText}</p>
      {isAsked ? (
        <div className="flex flex-wrap gap-2">
          <Button size="small" look="danger" onClick={() => void forget()}>
            {words.forgetSure}
          </Button>
          <Button ref={no} size="small" onClick={() => setIsAsked(false)}>
            {shell.cancel}
          </Button>
        </div>
      ) : (
        <Button size="small" className="justify-self-start text-clay-ink" onClick={() => setIsAsked(true)}>
          {words.forget}
        </Button>
      )}
    </Section>
  )
}
