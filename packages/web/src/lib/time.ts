import type { Language } from './words/use-words.ts'

const tags: Record<Language, string> = { en: 'en-GB', ko: 'ko-KR' }

const kinds = {
  clock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  day: { weekday: 'long', day: 'numeric', month: 'long' },
  dayOfYear: { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' },
  full: { dateStyle: 'full', timeStyle: 'short' },
  weekday: { weekday: 'long' },
  date: { day: 'numeric', month: 'long' },
} satisfies Record<string, Intl.DateTimeFormatOptions>

const formats = new Map<string, Intl.DateTimeFormat>()

function format(language: Language, kind: keyof typeof kinds, at: number): string {
  const key = `${language} ${kind}`
  let found = formats.get(key)
  if (!found) {
    found = new Intl.DateTimeFormat(tags[language], kinds[kind])
    formats.set(key, found)
  }
  return found.format(at)
}

/** 09:05, the same in every language. */
export function clock(language: Language, at: number): string {
  return format(language, 'clock', at)
}

/** Date and time in full, for the hint and for machines that read the page out. */
export function fullTime(language: Language, at: number): string {
  return format(language, 'full', at)
}

/** How many midnights lie between a time and now. */
export function daysAgo(at: number, now: number): number {
  const midnight = (time: number) => new Date(time).setHours(0, 0, 0, 0)
  return Math.round((midnight(now) - midnight(at)) / 86_400_000)
}

/** The heading of a day: today, yesterday, or its name and date. */
export function dayName(
  language: Language,
  at: number,
  now: number,
  words: { today: string; yesterday: string },
): string {
  const ago = daysAgo(at, now)
  if (ago === 0) return words.today
  if (ago === 1) return words.yesterday
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  return format(language, sameYear ? 'day' : 'dayOfYear', at)
}

/** When something was, as short as a card needs: 14:02, yesterday, Monday, 3 May. */
export function shortTime(language: Language, at: number, now: number, words: { yesterday: string }): string {
  const ago = daysAgo(at, now)
  if (ago <= 0) return clock(language, at)
  if (ago === 1) return words.yesterday
  return format(language, ago < 7 ? 'weekday' : 'date', at)
}
