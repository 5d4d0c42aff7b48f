import { ProtocolError } from './protocol-error.ts'

/** One answer of the server: a line, and the value that followed it where the line announced one. */
export interface Reply {
  /** The line, cut at its spaces; the first word says what it is: `HD`, `VA`, `EN`, `STAT`, … */
  readonly words: readonly string[]
  /** Bytes of the reader's own. */
  readonly value: Uint8Array | undefined
}

// A key of 250 bytes, its flags, an error's sentence: the longest line there is has a few hundred bytes.
const longestLine = 8_192

// What memcached can be told to take at most.
const largestValue = 2 ** 30

const carriageReturn = 0x0d
const lineFeed = 0x0a

/**
 * Reads the server's answers out of a stream of bytes that may be cut anywhere. What isn't an answer that memcached
 * gives ends the stream: nothing behind it could be told apart any more.
 */
export class ReplyParser {
  readonly #onReply: (reply: Reply) => void
  /** The beginning of a line that has not ended yet. */
  #begun: Buffer | undefined
  #awaited: AwaitedValue | undefined

  constructor(onReply: (reply: Reply) => void) {
    this.#onReply = onReply
  }

  /** @throws ProtocolError for bytes that make no sense */
  push(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) rest = this.#awaited === undefined ? this.#readLine(rest) : this.#readValue(rest)
  }

  #readLine(chunk: Buffer): Buffer {
    const end = chunk.indexOf(lineFeed)
    const length = (this.#begun?.length ?? 0) + (end === -1 ? chunk.length : end)
    if (length > longestLine) throw new ProtocolError('a line without an end')
    const part = end === -1 ? chunk : chunk.subarray(0, end)
    const whole = this.#begun === undefined ? part : Buffer.concat([this.#begun, part])
    if (end === -1) {
      this.#begun = this.#begun === undefined ? Buffer.from(whole) : whole
      return chunk.subarray(chunk.length)
    }
    this.#begun = undefined
    if (whole.at(-1) !== carriageReturn) throw new ProtocolError('a line without a carriage return')
    this.#takeLine(whole.toString('latin1', 0, whole.length - 1))
    return chunk.subarray(end + 1)
  }

  #takeLine(line: string): void {
    const words = line.split(' ')
    if (words[0] !== 'VA') return this.#onReply({ words, value: undefined })
    const size = words[1] ?? ''
    if (!/^\d{1,10}$/.test(size) || Number(size) > largestValue) throw new ProtocolError(`a value of ${size} bytes`)
    this.#awaited = { words, parts: [], left: Number(size) + 2 }
  }

  #readValue(chunk: Buffer): Buffer {
    const awaited = this.#awaited as AwaitedValue
    const part = chunk.subarray(0, awaited.left)
    awaited.left -= part.length
    awaited.parts.push(part)
    if (awaited.left === 0) {
      this.#awaited = undefined
      this.#onReply({ words: awaited.words, value: valueOf(awaited.parts) })
    }
    return chunk.subarray(part.length)
  }
}

interface AwaitedValue {
  readonly words: readonly string[]
  readonly parts: Buffer[]
  /** Bytes to come, the line break behind the value included. */
  left: number
}

/** A copy: what came with the value in one read of the socket isn't kept alive by it. */
function valueOf(parts: readonly Buffer[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const bytes = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  if (bytes[length - 2] !== carriageReturn || bytes[length - 1] !== lineFeed) {
    throw new ProtocolError('a value longer than announced')
  }
  return bytes.subarray(0, length - 2)
}
