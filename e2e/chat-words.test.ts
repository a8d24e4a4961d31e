import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { entrance, field, has, message, tell } from './stage/chatter.ts'
import { findings } from './stage/findings.ts'
import { setStage } from './stage/set-stage.ts'
import { until } from './stage/until.ts'

const stage = setStage('server', 'chromium')
const enter = entrance(stage)

const markdown = `**strong**, *leaning*, ~~gone~~ and \`const\`

- bread
- butter

3. third
4. fourth

> quoted

https://example.org/plain and [words](https://example.org/words)`

test('Markdown is shown as what it means, and colours of code come when there is some', async () => {
  const asked: string[] = []
  const ana = await enter('Ana', 'shapes')
  const ben = await enter('Ben', 'shapes', {
    prepare: async (page) => void page.on('request', (request) => asked.push(request.url())),
  })
  await ana.say(markdown)
  const shown = message(ben, /strong, leaning/)
  await shown.locator('strong', { hasText: 'strong' }).waitFor()
  const texts = (selector: string) => shown.locator(selector).allInnerTexts()
  expect(await texts('em')).toEqual(['leaning'])
  expect(await texts('s')).toEqual(['gone'])
  expect(await texts('p code')).toEqual(['const'])
  expect(await texts('ul > li')).toEqual(['bread', 'butter'])
  expect(await texts('ol[start="3"] > li')).toEqual(['third', 'fourth'])
  expect(await texts('blockquote')).toEqual(['quoted'])
  const links = await shown.locator('a').evaluateAll((all) => all.map((a) => [a.textContent, a.getAttribute('href')]))
  expect(links).toEqual([
    ['https://example.org/plain', 'https://example.org/plain'],
    ['words', 'https://example.org/words'],
  ])
  for (const link of await shown.locator('a').all())
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer nofollow ugc')
  expect(asked.filter((url) => url.includes('colour-code'))).toEqual([])

  await ana.say('```ts\nconst cups = 12\n```')
  const code = ben.page.getByRole('region', { name: 'Code, ts' })
  await code.locator('.hljs-keyword', { hasText: 'const' }).waitFor()
  expect(await code.innerText()).toBe('const cups = 12')
  expect(asked.filter((url) => url.includes('colour-code'))).toHaveLength(1)
  expect(await findings(ben.page)).toEqual([])
})

const attacks = [
  '<script>window.hacked = 1</script>',
  '<img src=x onerror="window.hacked = 2"> <svg/onload=window.hacked=3>',
  '<iframe src="https://evil.example/"></iframe><form action="https://evil.example/"><button>Sign in</button></form>',
  '<style>body { display: none }</style><link rel=stylesheet href=https://evil.example/a.css>',
  '<base href="https://evil.example/"><meta http-equiv=refresh content="0;url=https://evil.example/">',
  '![pixel](https://evil.example/pixel.png) and [style](https://evil.example/b.css)',
  '[press](javascript:window.hacked=4) [me](data:text/html,<script>window.hacked=5</script>) <javascript:window.hacked=6>',
  '[https://bank.example](https://evil.example/) https://bank.example@evil.example/',
  '```html"><script>window.hacked = 7</script>\n<b>code</b>\n```',
  '[a]: https://evil.example/x "title"\n[a] ![b][a]',
  '> '.repeat(200),
  '\u202etxt.exe \u2066hidden\u2069 \0 &lt;b&gt; &#x3c;b&#x3e;',
  '/poll <img src=x onerror=window.hacked=8> | <script>window.hacked=9</script> | two',
  '/topic <img src=x onerror=window.hacked=10>',
]

test('nothing that is written runs, restyles the page or calls out', async () => {
  const foreign: string[] = []
  const complaints: string[] = []
  const watch = async (page: Page) => {
    page.on('request', (request) => {
      if (!request.url().startsWith(stage.server.url) && !/^(data|blob):/.test(request.url()))
        foreign.push(request.url())
    })
    page.on('dialog', (dialog) => {
      complaints.push(dialog.message())
      void dialog.dismiss()
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('console', (line) => {
      if (/Content Security Policy/.test(line.text())) complaints.push(line.text())
    })
  }
  const ana = await enter('<b>Ana</b>', 'attacked', { prepare: watch })
  const ben = await enter('Ben', 'attacked', { prepare: watch })
  for (const attack of attacks) await ana.say(attack)
  await tell(ana, 'That was all')
  await has(ben, 'That was all')
  // What knows Markdown has come by then, and the names of emoji are looked for among all of it.
  await ben.page.getByRole('region', { name: /^Code/ }).waitFor()
  await ben.page.getByRole('button', { name: 'Search this room' }).click()
  await ben.page.getByRole('searchbox').fill('window')
  await ben.page.locator('mark').first().waitFor()
  for (const { page } of [ana, ben]) {
    const found = await page.evaluate(() => ({
      hacked: 'hacked' in window,
      strange: document.querySelectorAll(
        'script:not([src]), iframe, body style, form[action], base, meta[http-equiv=refresh]',
      ).length,
      pictures: [...document.querySelectorAll('[role=log] img')].length,
      links: [...document.querySelectorAll<HTMLAnchorElement>('[role=log] a')].map(({ href }) => href),
      display: getComputedStyle(document.body).display,
    }))
    for (const link of found.links) expect(link).toMatch(/^https?:\/\//)
    expect({ ...found, links: [] }).toEqual({ hacked: false, strange: 0, pictures: 0, links: [], display: 'block' })
  }
  expect({ foreign, complaints }).toEqual({ foreign: [], complaints: [] })
})

test('each text goes in its own direction, and what is too long for a line breaks', async () => {
  const ana = await enter('Ana', 'long')
  const ben = await enter('بن', 'long', { viewport: { width: 390, height: 844 } })
  const box = field(ana.page)
  await box.fill('مرحبا بالعالم 123')
  const direction = (element: Element) => getComputedStyle(element).direction
  expect(await box.evaluate(direction)).toBe('rtl')
  await box.press('Enter')
  await tell(ana, 'Back to the left')
  await has(ben, 'Back to the left')
  const line = (text: string) => ben.page.getByRole('log').getByText(text)
  expect(await line('مرحبا').evaluate(direction)).toBe('rtl')
  expect(await line('Back to').evaluate(direction)).toBe('ltr')

  const family = '👩‍👩‍👧‍👦'
  await tell(ana, family)
  const large = await line(family).evaluate((element) => Number.parseFloat(getComputedStyle(element).fontSize))
  expect(large).toBeGreaterThan(24)
  const long = [
    'W'.repeat(3_900),
    `https://example.org/${'path'.repeat(400)}`,
    `**${'bold'.repeat(500)}**`,
    `\`${'x'.repeat(900)}\``,
  ]
  for (const text of long) await ana.say(text)
  await ana.say(`\`\`\`\n${'wide '.repeat(300)}\n\`\`\``)
  await ben.page.getByRole('region', { name: 'Code', exact: true }).waitFor()
  const over = () =>
    ben.page.evaluate(() => {
      const right = document.documentElement.clientWidth
      const inCode = (element: Element) => element.closest('pre') !== null
      return [...document.querySelectorAll('[role=log] *')]
        .filter((element) => !inCode(element) && element.getBoundingClientRect().right > right)
        .map((element) => element.outerHTML.slice(0, 80))
    })
  await until('everything within the page', over, (all) => all.length === 0)
  await ben.photograph('long-lines')

  // A sign counts once, however many bytes it takes.
  await box.fill('🍲'.repeat(4_000))
  await ana.page.getByText('0 characters left').waitFor()
  await box.fill('🍲'.repeat(4_001))
  await ana.page.getByText('1 characters too many').waitFor()
  expect(await ana.page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true)
})
