/** Says on stderr how far something is: one line that changes on a terminal, a few plain ones elsewhere. */
export class Progress {
  readonly #label: string
  readonly #total: number
  #shown = 0

  constructor(label: string, total: number) {
    this.#label = label
    this.#total = total
  }

  readonly show = (done: number): void => {
    const steps = process.stderr.isTTY ? 100 : 4
    const step = Math.floor((done / this.#total) * steps)
    if (step === this.#shown) return
    this.#shown = step
    this.#write(`${this.#label}: ${done} of ${this.#total}`)
  }

  /** Takes the line away again. */
  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
  }

  #write(line: string): void {
    process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${line}` : `${line}\n`)
  }
}
