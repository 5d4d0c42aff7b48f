import type { Decoder, Decoding } from './decoder.ts'

/**
 * Cuts bytes into lines. One character a byte (Latin-1), whatever the encoding really is: two keys are the same when
 * their bytes are.
 */
export class LineDecoder implements Decoder {
  readonly #decoding: Decoding
  readonly #readLine: (line: string, number: number) => void
  #number = 0
  #rest = ''
  #isTooLong = false

  /** @param readLine gets every line that isn't empty, without its end, and its number */
  constructor(decoding: Decoding, readLine: (line: string, number: number) => void) {
    this.#decoding = decoding
    this.#readLine = readLine
  }

  push(bytes: Uint8Array): void {
    const text = this.#rest + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#take(text.slice(start, end))
      start = end + 1
    }
    this.#rest = text.slice(start)
    if (this.#rest.length > longestLine) this.#dropRest()
  }

  end(): void {
    if (this.#rest !== '' || this.#isTooLong) this.#take(this.#rest)
    this.#rest = ''
  }

  #take(line: string): void {
    const number = ++this.#number
    if (this.#decoding.requests.isComplete) return
    if (this.#isTooLong) {
      this.#isTooLong = false
      return
    }
    const begin = number === 1 && line.startsWith(byteOrderMark) ? byteOrderMark.length : 0
    const end = line.endsWith('\r') ? line.length - 1 : line.length
    if (end > begin) this.#readLine(line.slice(begin, end), number)
  }

  // No line of a trace: something without ends of lines, which must not fill the memory.
  #dropRest(): void {
    if (!this.#isTooLong) this.#decoding.notes.broken(this.#number + 1, 'a line of text', this.#rest.slice(0, 80))
    this.#isTooLong = true
    this.#rest = ''
  }
}

const byteOrderMark = '\u00ef\u00bb\u00bf'
const longestLine = 2 ** 20
