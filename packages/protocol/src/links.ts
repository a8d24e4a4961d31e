/** A piece of a message: words as they are, or an address that may be followed. */
export type TextPart = { text: string; href?: string }

// The host is ASCII on purpose: an address in look-alike letters stays words. Whatever formats invisibly, quotes or
// brackets markup ends an address.
const candidate =
  /\bhttps?:\/\/[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d{1,5})?(?:[/?#][^\s<>"'`{}|\\^\p{Cc}\p{Cf}\p{Z}]*)?/giu

/** Parts a text at its http(s) addresses. Joined again, the parts are the text; nothing of it is ever markup. */
export function splitLinks(text: string): TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(candidate)) {
    const shown = withoutTrailing(match[0])
    const href = safeAddress(shown)
    if (!href || hasUserName(shown, text.slice(match.index + shown.length))) continue
    if (match.index > end) parts.push({ text: text.slice(end, match.index) })
    parts.push({ text: shown, href })
    end = match.index + shown.length
  }
  if (end < text.length) parts.push({ text: text.slice(end) })
  return parts
}

/** `https://bank.example@evil.example`: what looks like the host is a user name. All of it stays words. */
function hasUserName(shown: string, after: string): boolean {
  return !/^https?:\/\/.*[/?#]/i.test(shown) && /^[^\s/?#]*[@\\]/.test(after)
}

/** Full stops, closing brackets without an opening one and the like belong to the sentence, not to the address. */
function withoutTrailing(address: string): string {
  let cut = address
  for (;;) {
    const last = cut.at(-1) ?? ''
    const open = { ')': '(', ']': '[' }[last]
    const stray = open !== undefined && count(cut, last) > count(cut, open)
    if (!stray && !/[.,;:!?*_~…。、]$/u.test(cut)) return cut
    cut = cut.slice(0, -1)
  }
}

function count(text: string, sign: string): number {
  return text.split(sign).length - 1
}

function safeAddress(shown: string): string | undefined {
  if (!URL.canParse(shown)) return undefined
  const url = new URL(shown)
  const allowed = (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === ''
  return allowed ? url.href : undefined
}
