import type { CallClient, CallSnapshot } from '@maru/client/call'
import LoaderCircle from 'lucide-react/icons/loader-circle'
import MicOff from 'lucide-react/icons/mic-off'
import MonitorUp from 'lucide-react/icons/monitor-up'
import TriangleAlert from 'lucide-react/icons/triangle-alert'
import Volume2 from 'lucide-react/icons/volume-2'
import X from 'lucide-react/icons/x'
import { type ReactNode, useEffect } from 'react'
import { announce } from '../../ui/announce.ts'
import { Button } from '../../ui/Button.tsx'
import { classNames } from '../../ui/class-names.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { useCallWords } from './use-call-words.ts'
import { useMutedHint } from './use-muted-hint.ts'

/** Lines above the stage about the state of my own call. */
export function Notices({ client, call }: { client: CallClient; call: CallSnapshot }) {
  const words = useCallWords()
  const me = call.people.find((person) => person.isMe)
  const isTalkingMuted = useMutedHint(client, me?.microphone === 'muted')
  return (
    <div className="flex flex-none flex-col items-center gap-2 px-4 empty:hidden [&>*]:mb-2">
      {call.standing.phase === 'reconnecting' && (
        <Notice icon={<LoaderCircle size={20} className="call-spin" />}>
          <b className="font-semibold">{words.reconnecting}</b>
        </Notice>
      )}
      {call.soundBlocked && call.standing.phase === 'live' && (
        <Button look="go" onClick={() => void client.startSound()}>
          <Volume2 size={20} aria-hidden="true" />
          {words.soundBlocked}
        </Button>
      )}
      {me?.screen && (
        <Notice icon={<MonitorUp size={20} />} tone="live">
          <b className="font-semibold">{words.youShare}</b>
          <Button look="danger" size="small" onClick={() => void client.setScreen(false)}>
            {words.shareStop}
          </Button>
        </Notice>
      )}
      {call.problem && <ProblemNotice problem={call.problem} onDismiss={() => client.dismissProblem()} />}
      {isTalkingMuted && <Notice icon={<MicOff size={20} />}>{words.mutedHint}</Notice>}
    </div>
  )
}

function ProblemNotice({
  problem,
  onDismiss,
}: {
  problem: NonNullable<CallSnapshot['problem']>
  onDismiss: () => void
}) {
  const words = useCallWords()
  const text = words.problems[problem.code](problem.source === 'screen' ? words.share : words[problem.source])
  useEffect(() => announce(text, 'assertive'), [text])
  return (
    <Notice icon={<TriangleAlert size={20} className="text-clay-ink" />}>
      <span>
        {text}{' '}
        {problem.code === 'insecure_origin' && (
          <a className="font-semibold text-wood underline" href={location.href.replace(/^http:/, 'https:')}>
            {words.problems.openSecure}
          </a>
        )}
      </span>
      <IconButton icon={X} label={words.dismiss} onClick={onDismiss} />
    </Notice>
  )
}

function Notice({ icon, tone, children }: { icon: ReactNode; tone?: 'live'; children: ReactNode }) {
  return (
    <div
      className={classNames(
        'rise flex min-h-11 max-w-2xl items-center gap-3 rounded-[14px] px-4 py-1.5 text-sm shadow-soft',
        tone === 'live' ? 'bg-pine-tint text-ink' : 'bg-surface text-ink',
      )}
    >
      <span aria-hidden="true" className="flex-none">
        {icon}
      </span>
      {children}
    </div>
  )
}
