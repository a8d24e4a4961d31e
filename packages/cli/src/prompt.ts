import {
  clearScreenDown,
  createInterface,
  cursorTo,
  emitKeypressEvents,
  type Interface,
  moveCursor,
} from 'node:readline'

/** The line being typed at the bottom, and everything else above it. */
export interface Prompt {
  /** Writes lines above what is being typed, which stays as it is. */
  print(text: string): void
  ask(question: string): Promise<string>
  start(handlers: { onLine: (line: string) => void; onEnd: () => void; onInterrupt: () => void }): void
  close(): void
}

export function createPrompt(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Prompt {
  const terminal = input.isTTY === true && output.isTTY === true
  let rl: Interface | undefined
  // Not before it is needed: a reader of a pipe swallows the lines that come before somebody listens.
  const open = (): Interface => {
    rl ??= createInterface({ input, output, terminal, prompt: terminal ? '> ' : '', historySize: 100 })
    return rl
  }

  /** Takes the typed line, which may be several rows high, off the screen. */
  function wipe(rows: number): void {
    if (rows > 0) moveCursor(output, 0, -rows)
    cursorTo(output, 0)
    clearScreenDown(output)
  }

  return {
    print(text) {
      if (!terminal || !rl) {
        output.write(`${text}\n`)
        return
      }
      wipe(rl.getCursorPos().rows)
      output.write(`${text}\n`)
      // Readline would begin to draw as many rows higher as the cursor was before, over what was just written. Not a documented field.
      Object.assign(rl, { prevRows: 0 })
      rl.prompt(true)
    },
    ask: (question) =>
      new Promise((resolve) => {
        const asked = open()
        asked.once('close', () => resolve(''))
        asked.question(question, resolve)
      }),
    start({ onLine, onEnd, onInterrupt }) {
      const reader = open()
      let typedRows = 0
      if (terminal) {
        emitKeypressEvents(input, reader)
        // The line comes back as an entry when the server has it; its echo goes.
        input.prependListener('keypress', (_text: string | undefined, key: { name?: string } | undefined) => {
          if (key?.name !== 'return' && key?.name !== 'enter') return
          reader.write(null, { ctrl: true, name: 'e' })
          typedRows = reader.getCursorPos().rows + 1
        })
      }
      reader.on('line', (line) => {
        if (terminal) wipe(typedRows)
        onLine(line)
        if (terminal) reader.prompt()
      })
      reader.on('SIGINT', onInterrupt)
      reader.on('close', onEnd)
      reader.prompt()
    },
    close() {
      if (terminal && rl) wipe(rl.getCursorPos().rows)
      rl?.removeAllListeners('close')
      rl?.close()
      input.pause()
    },
  }
}
