import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { arrived } from './look.ts'

/** What axe finds of WCAG 2.2 AA, said so that it can be mended. */
export async function findings(page: Page): Promise<string[]> {
  // Movement has no colour of its own: what slides in is measured when it has arrived, and what comes meanwhile is there at once.
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await arrived(page)
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze()
  await page.emulateMedia({ reducedMotion: null })
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} at ${target}: ${failureSummary}`),
  )
}
