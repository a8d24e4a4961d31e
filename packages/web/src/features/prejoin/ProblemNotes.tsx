import type { DeviceProblem, PreviewState } from '@maru/client/call'
import TriangleAlert from 'lucide-react/icons/triangle-alert'
import { useEffect } from 'react'
import { announce } from '../../ui/announce.ts'
import { Button } from '../../ui/Button.tsx'
import { usePrejoinWords } from './use-prejoin-words.ts'

/** What is wrong with the devices, and the way on. One note where one cause has taken both. */
export function ProblemNotes({ state, onRetry }: { state: PreviewState; onRetry: () => void }) {
  const words = usePrejoinWords()
  if (state.asking) return null
  const { microphone, camera } = state
  const same = microphone.problem !== undefined && microphone.problem === camera.problem
  return (
    <>
      {microphone.problem && (
        <ProblemNote problem={microphone.problem} device={same ? words.both : words.microphone} onRetry={onRetry} />
      )}
      {camera.problem && !same && <ProblemNote problem={camera.problem} device={words.camera} onRetry={onRetry} />}
    </>
  )
}

function ProblemNote({ problem, device, onRetry }: { problem: DeviceProblem; device: string; onRetry: () => void }) {
  const words = usePrejoinWords()
  const { title, text } = words.problems[problem]
  const heading = title(device)
  useEffect(() => announce(`${heading}. ${text}`), [heading, text])
  return (
    <div className="rise mt-3 flex gap-3 rounded-[14px] border border-line bg-surface p-3.5 text-sm">
      <TriangleAlert size={20} aria-hidden="true" className="mt-px flex-none text-clay-ink" />
      <div className="min-w-0">
        <p className="font-semibold">{heading}</p>
        <p className="mt-0.5 text-soft">{text}</p>
        {problem === 'insecure_origin' ? (
          <a
            href={secureAddress(location.href)}
            className="mt-2 inline-flex min-h-9 items-center rounded-button font-semibold text-wood underline underline-offset-4 pointer-coarse:min-h-11"
          >
            {words.openSecure}
          </a>
        ) : (
          <Button size="small" className="mt-2.5" onClick={onRetry}>
            {words.tryAgain}
          </Button>
        )}
      </div>
    </div>
  )
}

/** The same page over https. One port speaks both, so only the scheme changes. */
export function secureAddress(href: string): string {
  return href.replace(/^http:/, 'https:')
}
