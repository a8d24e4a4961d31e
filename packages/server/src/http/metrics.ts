/** Figures for Prometheus in its text format, all of them read when somebody asks. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { sendJson } from './answer.ts'
import type { App } from './app.ts'

export interface Metrics {
  gauge(name: string, help: string, read: () => number): void
  /** For what only ever grows. */
  total(name: string, help: string, read: () => number): void
  /** One figure for each set of labels, such as `direction="incoming"`. */
  totals(name: string, help: string, read: () => Record<string, number>): void
  text(): string
}

interface Family {
  help: string
  type: 'counter' | 'gauge'
  read(): Record<string, number>
}

export function createMetrics(): Metrics {
  const families = new Map<string, Family>()
  return {
    gauge: (name, help, read) => void families.set(name, { help, type: 'gauge', read: () => ({ '': read() }) }),
    total: (name, help, read) => void families.set(name, { help, type: 'counter', read: () => ({ '': read() }) }),
    totals: (name, help, read) => void families.set(name, { help, type: 'counter', read }),
    text: () => [...families].map(([name, family]) => textOf(name, family)).join(''),
  }
}

/** The process itself, and the two addresses that watchers ask. `problems` says what keeps the server from its work. */
export function attachMetrics({
  app,
  metrics,
  problems,
}: {
  app: App
  metrics: Metrics
  problems: () => string[]
}): void {
  metrics.gauge('process_resident_memory_bytes', 'Memory of the whole process.', () => process.memoryUsage.rss())
  metrics.gauge('nodejs_heap_size_used_bytes', 'Memory that JavaScript uses.', () => process.memoryUsage().heapUsed)
  metrics.total('process_cpu_seconds_total', 'Processor time of all threads.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  metrics.gauge('process_uptime_seconds', 'Time since the start.', () => process.uptime())

  // Begun by the first question: the timer behind it would wake an idle machine 50 times a second for nobody.
  let delay: ReturnType<typeof monitorEventLoopDelay> | undefined
  metrics.gauge(
    'nodejs_eventloop_lag_p99_seconds',
    'How late JavaScript was since the last question, 99 of 100.',
    () => {
      if (!delay) {
        delay = monitorEventLoopDelay({ resolution: 20 })
        delay.enable()
      }
      const seconds = delay.count > 0 ? delay.percentile(99) / 1e9 : 0
      delay.reset()
      return seconds
    },
  )

  app.route('GET', '/healthz', (_request, response) => {
    const found = problems()
    sendJson(response, found.length === 0 ? 200 : 503, { ok: found.length === 0, problems: found })
  })
  app.route('GET', '/metrics', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' })
    response.end(metrics.text())
  })
}

function textOf(name: string, { help, type, read }: Family): string {
  const lines = Object.entries(read()).map(([labels, value]) => `${name}${labels && `{${labels}}`} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}
