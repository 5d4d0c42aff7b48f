import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CacheError } from '../../kernel/errors.ts'
import type { Decoder, Decoding } from './decoder.ts'
import { decoders, parseFormat, type TraceFormat, traceFormats } from './formats.ts'
import { guessFormat } from './guess-format.ts'
import { RequestBatches } from './request-batches.ts'
import type { Trace, TraceReading } from './trace.ts'

export interface TraceFileOptions {
  /** Without: guessed, by the name of the file and by how it begins. */
  readonly format?: TraceFormat
  /** The column of a CSV that has the key: its name, or its number, the first being 1. */
  readonly column?: string | number
}

/**
 * A trace in a file, gzipped or not. It is read as a stream, so it may be larger than memory; what stays in memory is some 20 bytes
 * for every different key.
 *
 * @throws CacheError `INVALID_OPTION` for an unknown format; when it is read, `UNREADABLE` for a file that isn't there
 */
export function traceFile(path: string, options: TraceFileOptions = {}): Trace {
  if (options.format !== undefined) parseFormat(options.format)
  const open = (): AsyncIterable<Uint8Array> => createReadStream(path, { highWaterMark: 2 ** 18 })
  return new ByteTrace(basename(path), path, true, open, options)
}

/** A trace from wherever bytes come from, gzipped or not. It can be read only once. */
export function traceBytes(name: string, bytes: AsyncIterable<Uint8Array>, options: TraceFileOptions = {}): Trace {
  if (options.format !== undefined) parseFormat(options.format)
  return new ByteTrace(name, name, false, () => bytes, options)
}

class ByteTrace implements Trace {
  readonly name: string
  readonly isRepeatable: boolean
  readonly #where: string
  readonly #open: () => AsyncIterable<Uint8Array>
  readonly #options: TraceFileOptions

  constructor(
    name: string,
    where: string,
    isRepeatable: boolean,
    open: () => AsyncIterable<Uint8Array>,
    options: TraceFileOptions,
  ) {
    this.name = name
    this.#where = where
    this.isRepeatable = isRepeatable
    this.#open = open
    this.#options = options
  }

  async *read(reading: TraceReading): AsyncGenerator<Uint32Array, void> {
    try {
      yield* this.#decode(reading)
    } catch (error) {
      if (error instanceof CacheError) throw error
      throw new CacheError('UNREADABLE', `${this.#where}: can't be read: ${reasonOf(error)}`, { cause: error })
    }
  }

  async *#decode(reading: TraceReading): AsyncGenerator<Uint32Array, void> {
    const requests = new RequestBatches(reading.limit)
    let decoder: Decoder | undefined
    for await (const chunk of withLongStart(unpacked(withLongStart(this.#open()), this.name))) {
      decoder ??= this.#decoderFor(chunk, { ...reading, requests })
      decoder.push(chunk)
      yield* requests.takeFull()
      if (requests.isComplete) break
    }
    decoder?.end()
    yield* requests.takeRest()
  }

  #decoderFor(start: Uint8Array, decoding: Decoding): Decoder {
    const { column } = this.#options
    const format = this.#options.format ?? (column === undefined ? guessFormat(this.name, start) : 'csv')
    if (format !== undefined) return decoders[format](column === undefined ? decoding : { ...decoding, column })
    const known = traceFormats.join(', ')
    throw new CacheError('INVALID_OPTION', `${this.name}: can't tell its format; say which of ${known} it is`)
  }
}

// A pipe may hand out its first bytes one by one, and they must tell the format.
async function* withLongStart(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let start: Uint8Array[] | undefined = []
  let length = 0
  for await (const chunk of stream) {
    start?.push(chunk)
    length += chunk.length
    if (start === undefined) yield chunk
    else if (length >= enoughToGuess) {
      yield Buffer.concat(start)
      start = undefined
    }
  }
  if (start !== undefined && length > 0) yield Buffer.concat(start)
}

async function* unpacked(packed: AsyncGenerator<Uint8Array, void>, name: string): AsyncGenerator<Uint8Array, void> {
  const { value: start } = await packed.next()
  if (start === undefined) return
  async function* whole(first: Uint8Array): AsyncGenerator<Uint8Array, void> {
    yield first
    yield* packed
  }
  if (isAt(start, [0x28, 0xb5, 0x2f, 0xfd])) {
    await packed.return()
    throw new CacheError('UNREADABLE', `${name}: is packed with zstd, which is not understood; unpack it first`)
  }
  if (!isAt(start, [0x1f, 0x8b])) return yield* whole(start)
  const gunzip = createGunzip({ chunkSize: 2 ** 18 })
  // What goes wrong at either end comes out of the stream that is read here.
  pipeline(Readable.from(whole(start)), gunzip, () => {})
  yield* gunzip as AsyncIterable<Uint8Array>
}

function isAt(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, at) => bytes[at] === byte)
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a folder'
  return error.message
}

const enoughToGuess = 2 ** 16
