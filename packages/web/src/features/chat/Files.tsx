import type { FileInfo } from '@maru/protocol'
import Download from 'lucide-react/icons/download'
import FileText from 'lucide-react/icons/file-text'
import { useEffect, useState } from 'react'
import { thumbHashToDataURL } from 'thumbhash'
import { fileSize } from '../../lib/file-size.ts'
import { useMoreWords } from './more-words.ts'

/** What browsers show without running anything of it, as the server has it. */
const shown = /^image\/(png|jpeg|gif|webp|avif|bmp)$/
const film = /^video\/(mp4|webm|ogg|quicktime)$/
const sound = /^audio\//

/** Largest picture in the log, in px. */
const MAX = { width: 320, height: 280 }

const addressOf = ({ id, name }: FileInfo) => `/files/${id}/${encodeURIComponent(name)}`

/** The files of a message: pictures, film and sound in place, anything else to save. */
export function Files({ message }: { message: { files?: FileInfo[] | undefined } }) {
  return (
    <ul className="flex flex-col gap-1.5 pt-1">
      {message.files?.map((file) => (
        <li key={file.id}>
          <OneFile file={file} />
        </li>
      ))}
    </ul>
  )
}

function OneFile({ file }: { file: FileInfo }) {
  if (shown.test(file.type)) return <Picture file={file} />
  if (film.test(file.type))
    return (
      <video
        controls
        preload="metadata"
        src={addressOf(file)}
        aria-label={file.name}
        className="max-h-70 w-full max-w-80 rounded-[14px] bg-tile"
        {...boxOf(file)}
      />
    )
  if (sound.test(file.type))
    return (
      <figure className="max-w-80">
        <figcaption className="truncate text-[0.8125rem] text-soft">{file.name}</figcaption>
        {/* biome-ignore lint/a11y/useMediaCaption: what people send has no captions. */}
        <audio controls preload="metadata" src={addressOf(file)} aria-label={file.name} className="w-full" />
      </figure>
    )
  return <Attachment file={file} />
}

function Attachment({ file }: { file: FileInfo }) {
  const words = useMoreWords()
  return (
    <a
      href={addressOf(file)}
      download={file.name}
      aria-label={words.saveFile(file.name, fileSize(file.size))}
      className="flex max-w-80 items-center gap-3 rounded-[14px] border border-line bg-raised px-3 py-2.5 hover:border-line-strong"
    >
      <FileText size={22} className="flex-none text-wood" aria-hidden="true" />
      <span className="min-w-0 flex-1">
        <span dir="auto" className="block truncate font-semibold">
          {file.name}
        </span>
        <span className="block text-[0.8125rem] text-soft tabular-nums">{fileSize(file.size)}</span>
      </span>
      <Download size={18} className="flex-none text-soft" aria-hidden="true" />
    </a>
  )
}

/** The place of a picture before it is there, so that nothing moves when it comes. */
function boxOf({ width, height }: FileInfo): { width?: number; height?: number } {
  if (!width || !height) return {}
  const scale = Math.min(1, MAX.width / width, MAX.height / height)
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

function Picture({ file }: { file: FileInfo }) {
  const words = useMoreWords()
  const [state, setState] = useState<'loading' | 'there' | 'failed'>('loading')
  const blur = useBlur(file.blur)
  if (state === 'failed') return <Attachment file={file} />
  const box = boxOf(file)
  return (
    <a
      href={addressOf(file)}
      target="_blank"
      rel="noopener"
      aria-label={words.openPicture(file.name)}
      className="relative block w-fit max-w-full overflow-hidden rounded-[14px] border border-line bg-ink/5"
    >
      {blur && state === 'loading' && <img alt="" src={blur} className="absolute inset-0 size-full object-cover" />}
      <img
        alt={file.name}
        src={addressOf(file)}
        loading="lazy"
        decoding="async"
        {...box}
        className="relative block h-auto max-h-70 max-w-full"
        onLoad={() => setState('there')}
        onError={() => setState('failed')}
      />
    </a>
  )
}

/** What the sender drew of the picture in some 25 bytes. Anything odd in it is no picture. */
function useBlur(text: string | undefined): string | undefined {
  const [url, setUrl] = useState<string>()
  useEffect(() => {
    if (!text) return
    try {
      setUrl(thumbHashToDataURL(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))))
    } catch {
      setUrl(undefined)
    }
  }, [text])
  return url
}
