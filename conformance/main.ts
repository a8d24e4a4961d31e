// `npm run conformance`: unmodified clients against the built server, and with `--peer` against the real one.
import { parseArgs } from 'node:util'
import { type Choice, runBrowsers } from './browsers.ts'
import { runComponents } from './components.ts'
import { runLk } from './lk.ts'
import { runPython } from './python.ts'
import { Report } from './report.ts'
import { runRtcNode } from './rtc-node.ts'
import { runRtcNodeSuite } from './rtc-node-suite.ts'
import { startMaru, startPeer } from './servers.ts'

const { values } = parseArgs({
  options: {
    /** The real server, where every expectation was seen first. */
    peer: { type: 'boolean', default: false },
    /** What `npm test` has time for. */
    short: { type: 'boolean', default: false },
    /** A subject, or words of a behaviour's name. */
    only: { type: 'string', default: '' },
    clients: { type: 'string', default: 'browsers,components,rtc-node,python,lk' },
    browser: { type: 'string', default: 'chromium,firefox' },
    client: { type: 'string', default: 'new,old' },
    form: { type: 'string', default: 'single,dual' },
    pages: { type: 'string', default: '3' },
    /** How many times each behaviour in a browser runs, to find those that fail at times. */
    times: { type: 'string', default: '1' },
    'rtc-node-suite': { type: 'string' },
    python: { type: 'string' },
    'python-versions': { type: 'string', default: '' },
    lk: { type: 'string' },
    /** Clients that could not be had, and why. */
    without: { type: 'string', multiple: true, default: [] },
    json: { type: 'string', default: '.cache/conformance.json' },
  },
})

function choices(): Choice[] {
  const of = <Name extends string>(text: string, known: readonly Name[]) =>
    known.filter((name) => text.split(',').includes(name))
  const { only, short } = values
  const how = { only, short, pages: Number(values.pages), times: Number(values.times) }
  if (short)
    return [
      { browser: 'chromium', client: 'new', form: 'single', ...how },
      // What differs most between clients is how media are negotiated.
      { browser: 'chromium', client: 'old', form: 'dual', ...how, only: only || 'publish' },
      { browser: 'firefox', client: 'new', form: 'single', ...how, only: only || 'publish' },
    ]
  return of(values.browser, ['chromium', 'firefox']).flatMap((browser) =>
    of(values.client, ['new', 'old']).flatMap((client) =>
      of(values.form, ['single', 'dual']).map((form) => ({ browser, client, form, ...how })),
    ),
  )
}

const report = new Report()
const server = await (values.peer ? startPeer() : startMaru())
const { only, python, lk, 'rtc-node-suite': suite } = values
const clients = values.clients.split(',')
try {
  if (clients.includes('browsers')) await runBrowsers(server, choices(), report)
  if (clients.includes('components')) await runComponents(server, only, report)
  if (clients.includes('rtc-node')) await runRtcNode(server, only, report)
  if (suite) await runRtcNodeSuite(server, suite, report)
  if (python && clients.includes('python')) await runPython(server, python, values['python-versions'], only, report)
  if (lk && clients.includes('lk')) await runLk(server, lk, only, report)
} finally {
  await server.stop()
}
for (const each of values.without) report.leaveOut(each)
report.write(values.json)
const passed = report.outcomes.length - report.failed
if (report.known.length > 0) console.log(`\n${report.known.length} that a client does not show with any server`)
console.log(`\n${passed} of ${report.outcomes.length} behaviours`)
process.exit(report.failed > 0 || passed === 0 ? 1 : 0)
