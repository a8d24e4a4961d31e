/** When a day begins here, in ms since the epoch: `2026-07-14`. Nothing for what is no day. */
export function dayStart(day: string): number | undefined {
  const [, year, month, date] = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(day.trim()) ?? []
  if (!year || !month || !date) return undefined
  const found = new Date(Number(year), Number(month) - 1, Number(date))
  return found.getMonth() === Number(month) - 1 ? Math.max(0, found.getTime()) : undefined
}
