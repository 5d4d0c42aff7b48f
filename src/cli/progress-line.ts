import type { SimulationProgress } from '../simulator/simulate.ts'
import type { Terminal } from './terminal.ts'

/**
 * How far a simulation is, on standard error: a line that is written over and over where that can be done, else one every few
 * seconds, and one at the end.
 */
export class ProgressLine {
  readonly #terminal: Terminal
  readonly #began: number
  #shown: number
  #latest: SimulationProgress | undefined

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#began = terminal.now()
    this.#shown = this.#began
  }

  readonly show = (progress: SimulationProgress): void => {
    this.#latest = progress
    const now = this.#terminal.now()
    if (now - this.#shown < (this.#terminal.isErrLive ? 100 : 5000)) return
    this.#shown = now
    this.#write(textOf(progress), false)
  }

  end(): void {
    if (this.#latest === undefined) return
    const { trace, requests } = this.#latest
    const seconds = ((this.#terminal.now() - this.#began) / 1000).toFixed(1)
    this.#write(`${trace}: ${requests.toLocaleString('en')} requests in ${seconds} s`, true)
  }

  #write(text: string, isLast: boolean): void {
    const clear = this.#terminal.isErrLive ? '\r\u001b[K' : ''
    const end = isLast || !this.#terminal.isErrLive ? '\n' : ''
    this.#terminal.err(clear + text + end)
  }
}

function textOf({ trace, phase, requests, total }: SimulationProgress): string {
  const part = total === undefined ? '' : ` (${Math.floor((requests / total) * 100)} %)`
  return `${trace}: ${phase}, ${requests.toLocaleString('en')} requests${part}`
}
