import type { Terminal } from '../../src/cli/terminal.ts'

/** A terminal that keeps what is written. Without colours; or with, as tags. */
export class FakeTerminal implements Terminal {
  written = ''
  errors = ''
  time = 0
  readonly columns: number = 80
  readonly isErrLive: boolean
  readonly input: AsyncIterable<Uint8Array>
  readonly #isColoured: boolean

  constructor({ input = '', isErrLive = false, isColoured = false } = {}) {
    this.isErrLive = isErrLive
    this.#isColoured = isColoured
    this.input = (async function* () {
      yield Buffer.from(input)
    })()
  }

  readonly out = (text: string): void => void (this.written += text)
  readonly err = (text: string): void => void (this.errors += text)
  readonly paint: Terminal['paint'] = (colour, text) => (this.#isColoured ? `<${colour}>${text}</>` : text)
  // Every look at the clock costs a second.
  readonly now = (): number => (this.time += 1000)
}
