/** The little that is changed in the text of the engine's SDP: which codec comes first, and parameters of Opus. */

export interface SectionWish {
  /** The codec that shall be used, such as `video/h264`: a sender takes the first of an answer. */
  codec?: string
  /** Parameters added to Opus, such as `stereo=1`. */
  opus?: string
}

/** The codecs of each section by mid, lower case, in their order. */
export function codecsByMid(sdp: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const section of sectionsOf(sdp)) {
    const names = readCodecs(section)
    const codecs = payloadsOf(section).flatMap((payload) => names.get(payload) ?? [])
    found.set(midOf(section), [...new Set(codecs)])
  }
  return found
}

/** The text with the sections of these mids changed as wished. What a section does not have is passed over. */
export function shapeSdp(sdp: string, wishes: ReadonlyMap<string, SectionWish>): string {
  if (wishes.size === 0) return sdp
  const [head = '', ...sections] = splitSdp(sdp)
  const shaped = sections.map((section) => {
    const wish = wishes.get(midOf(section))
    if (!wish) return section
    const ordered = wish.codec === undefined ? section : putFirst(section, wish.codec)
    return wish.opus === undefined ? ordered : addToOpus(ordered, wish.opus)
  })
  return [head, ...shaped].join('')
}

/** The session part, then each media section, all of it in order. */
function splitSdp(sdp: string): string[] {
  return sdp.split(/^(?=m=)/m)
}

function sectionsOf(sdp: string): string[] {
  return splitSdp(sdp).filter((part) => part.startsWith('m=audio') || part.startsWith('m=video'))
}

function midOf(section: string): string {
  return /^a=mid:(\S+)/m.exec(section)?.[1] ?? ''
}

function payloadsOf(section: string): string[] {
  return /^m=\S+ \S+ \S+ ([\d ]+)/.exec(section)?.[1]?.trim().split(' ') ?? []
}

function readCodecs(section: string): Map<string, string> {
  const kind = section.slice(2, section.indexOf(' '))
  const names = new Map<string, string>()
  for (const [, payload = '', name = ''] of section.matchAll(/^a=rtpmap:(\d+) ([\w-]+)\//gm)) {
    names.set(payload, `${kind}/${name}`.toLowerCase())
  }
  return names
}

function putFirst(section: string, codec: string): string {
  const names = readCodecs(section)
  const payloads = payloadsOf(section)
  const wanted = payloads.filter((payload) => names.get(payload) === codec)
  const others = payloads.filter((payload) => names.get(payload) !== codec)
  return section.replace(/^(m=\S+ \S+ \S+ )[\d ]+/, `$1${[...wanted, ...others].join(' ')}`)
}

function addToOpus(section: string, parameters: string): string {
  const names = readCodecs(section)
  return section.replace(/^a=fmtp:(\d+) [^\r\n]*/gm, (line, payload: string) =>
    names.get(payload) === 'audio/opus' ? `${line};${parameters}` : line,
  )
}
