import { ProtocolError } from './protocol-error.ts'

/** One answer of the server: a line, and the value that followed it where the line announced one. */
export interface Reply {
  /** Its first word says what it is: `HD`, `VA`, `EN`, `STAT`, … */
  readonly line: string
  readonly value: Uint8Array | undefined
}

/** The first word of a reply. */
export function statusOf({ line }: Reply): string {
  const end = line.indexOf(' ')
  return end === -1 ? line : line.slice(0, end)
}

/** Whether a command was carried out. */
export function isDone(reply: Reply | undefined): boolean {
  return reply !== undefined && statusOf(reply) === 'HD'
}

/** What a reply says under a flag: of `HD c17 t-1`, `17` under `c`. @returns `undefined` if it doesn't say */
export function flagIn({ line }: Reply, flag: string): string | undefined {
  const at = line.indexOf(` ${flag}`)
  if (at === -1) return undefined
  const start = at + 1 + flag.length
  const end = line.indexOf(' ', start)
  return end === -1 ? line.slice(start) : line.slice(start, end)
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

  /** @param bytes belong to the reader from now on: values are parts of it. @throws ProtocolError for bytes that make no sense */
  push(bytes: Uint8Array): void {
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    let at = 0
    while (at < chunk.length) at = this.#awaited === undefined ? this.#readLine(chunk, at) : this.#readValue(chunk, at)
  }

  /** @returns how far the chunk was read */
  #readLine(chunk: Buffer, start: number): number {
    const end = endOfLine(chunk, start)
    if (this.#begun === undefined && end < chunk.length) {
      this.#takeLine(chunk, start, end)
      return end + 1
    }
    const part = chunk.subarray(start, end)
    const whole = this.#begun === undefined ? Buffer.from(part) : Buffer.concat([this.#begun, part])
    if (whole.length > longestLine) throw new ProtocolError('a line without an end')
    this.#begun = end === chunk.length ? whole : undefined
    if (end === chunk.length) return end
    this.#takeLine(whole, 0, whole.length)
    return end + 1
  }

  #takeLine(bytes: Buffer, start: number, end: number): void {
    if (end - start > longestLine) throw new ProtocolError('a line without an end')
    if (bytes[end - 1] !== carriageReturn || end === start) throw new ProtocolError('a line without a carriage return')
    const line = bytes.toString('latin1', start, end - 1)
    if (line.startsWith('VA ')) this.#awaited = { line, parts: [], left: sizeIn(line) + 2 }
    else this.#onReply({ line, value: undefined })
  }

  #readValue(chunk: Buffer, start: number): number {
    const awaited = this.#awaited as AwaitedValue
    const end = Math.min(chunk.length, start + awaited.left)
    awaited.left -= end - start
    awaited.parts.push(chunk.subarray(start, end))
    if (awaited.left === 0) {
      this.#awaited = undefined
      this.#onReply({ line: awaited.line, value: valueOf(awaited.parts) })
    }
    return end
  }
}

interface AwaitedValue {
  readonly line: string
  readonly parts: Buffer[]
  /** Bytes to come, the line break behind the value included. */
  left: number
}

// Lines are short: a loop finds their end sooner than a call of `indexOf` begins.
function endOfLine(chunk: Buffer, start: number): number {
  for (let index = start; index < chunk.length; index++) if (chunk[index] === lineFeed) return index
  return chunk.length
}

function sizeIn(line: string): number {
  const size = /^VA (\d{1,10})(?: |$)/.exec(line)?.[1]
  if (size !== undefined && Number(size) <= largestValue) return Number(size)
  throw new ProtocolError(`a value of no size: ${line.slice(0, 60)}`)
}

function valueOf(parts: readonly Buffer[]): Uint8Array {
  const [only] = parts
  const bytes = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
  const length = bytes.length - 2
  if (bytes[length] === carriageReturn && bytes[length + 1] === lineFeed) return bytes.subarray(0, length)
  throw new ProtocolError('a value longer than announced')
}
