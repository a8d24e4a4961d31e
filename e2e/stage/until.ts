/** Asks again and again until the answer satisfies; the error shows the last answer. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer>,
  satisfied: (answer: Answer) => boolean,
  limitMs = 60_000,
): Promise<Answer> {
  const end = performance.now() + limitMs
  for (;;) {
    const answer = await ask()
    if (satisfied(answer)) return answer
    if (performance.now() > end) throw new Error(`${what} did not happen; last seen: ${JSON.stringify(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
