import RotateCw from 'lucide-react/icons/rotate-cw'
import X from 'lucide-react/icons/x'
import { fileSize } from '../../lib/file-size.ts'
import { useStore } from '../../lib/store.ts'
import { useWords } from '../../lib/words/use-words.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import type { Attachment, Attachments } from './attachments.ts'
import { useMoreWords } from './more-words.ts'

/** The files beside the field: how far each is, and the ways to give it up or to try again. */
export function AttachmentBar({ attachments }: { attachments: Attachments }) {
  const words = useMoreWords()
  const list = useStore(attachments, (state) => state)
  if (list.length === 0) return null
  return (
    <ul aria-label={words.attachments} className="mb-1.5 grid max-h-44 grid-cols-1 gap-1 overflow-y-auto">
      {list.map((each) => (
        <OneAttachment key={each.id} attachment={each} attachments={attachments} />
      ))}
    </ul>
  )
}

function OneAttachment({ attachment, attachments }: { attachment: Attachment; attachments: Attachments }) {
  const words = useMoreWords()
  const { problems } = useWords()
  const { id, file, state } = attachment
  return (
    <li className="flex items-center gap-2 rounded-button border border-line bg-raised py-0.5 ps-3.5 pe-1 text-sm">
      <span dir="auto" className="min-w-0 flex-1 truncate font-semibold">
        {file.name}
      </span>
      {state.at === 'sending' && (
        <progress
          aria-label={words.sendingFile(file.name)}
          max={1}
          value={state.share}
          className="h-1.5 w-24 flex-none appearance-none overflow-hidden rounded-full border-0 bg-ink/12 [&::-moz-progress-bar]:bg-wood [&::-webkit-progress-bar]:bg-transparent [&::-webkit-progress-value]:bg-wood"
        />
      )}
      {state.at === 'failed' && (
        <span className="max-w-[60%] flex-none truncate text-clay-ink">
          {words.fileProblems[state.code] ?? problems.short[state.code] ?? words.fileFailed}
        </span>
      )}
      {state.at !== 'failed' && <span className="flex-none text-soft tabular-nums">{fileSize(file.size)}</span>}
      {state.at === 'failed' && (
        <IconButton icon={RotateCw} label={words.retryFile(file.name)} onClick={() => attachments.retry(id)} />
      )}
      <IconButton icon={X} label={words.removeFile(file.name)} onClick={() => attachments.remove(id)} />
    </li>
  )
}
