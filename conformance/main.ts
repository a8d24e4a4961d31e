// `npm run conformance`: unmodified clients against the built server, and with `--peer` against the real one.
import { parseArgs } from 'node:util'
import { type Choice, runBrowsers } from './browsers.ts'
import { Report } from './report.ts'
import { startMaru, startPeer } from './servers.ts'

const { values } = parseArgs({
  options: {
    peer: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    browser: { type: 'string', default: 'chromium,firefox' },
    client: { type: 'string', default: 'new,old' },
    form: { type: 'string', default: 'single,dual' },
    pages: { type: 'string', default: '3' },
    json: { type: 'string', default: '.cache/conformance.json' },
  },
})

function choices(): Choice[] {
  const of = <Name extends string>(text: string, known: readonly Name[]) =>
    known.filter((name) => text.split(',').includes(name))
  const { only, short } = values
  return of(values.browser, ['chromium', 'firefox']).flatMap((browser) =>
    of(values.client, ['new', 'old']).flatMap((client) =>
      of(values.form, ['single', 'dual']).map((form) => ({
        browser,
        client,
        form,
        only,
        short,
        pages: Number(values.pages),
      })),
    ),
  )
}

const report = new Report()
const server = await (values.peer ? startPeer() : startMaru())
try {
  await runBrowsers(server, choices(), report)
} finally {
  await server.stop()
}
report.write(values.json)
const passed = report.outcomes.length - report.failed
console.log(`\n${passed} of ${report.outcomes.length} behaviours`)
process.exit(report.failed > 0 || passed === 0 ? 1 : 0)
