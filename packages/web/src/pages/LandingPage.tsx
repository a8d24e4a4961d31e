import { useWords } from '../lib/words/use-words.ts'

export function LandingPage() {
  const { shell } = useWords()
  return <main>{shell.product}</main>
}
