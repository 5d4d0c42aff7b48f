import type { Decoder, Decoding } from './decoder.ts'

/** Cuts bytes into records of one length. */
export class RecordDecoder implements Decoder {
  readonly #decoding: Decoding
  readonly #length: number
  readonly #readRecord: (records: DataView, offset: number) => void
  #rest = new Uint8Array(0)
  #number = 0

  /** @param readRecord gets the place of every record */
  constructor(decoding: Decoding, length: number, readRecord: (records: DataView, offset: number) => void) {
    this.#decoding = decoding
    this.#length = length
    this.#readRecord = readRecord
  }

  push(bytes: Uint8Array): void {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const view = new DataView(all.buffer, all.byteOffset, all.byteLength)
    let offset = 0
    for (; offset + this.#length <= all.length; offset += this.#length) {
      if (this.#decoding.requests.isComplete) return
      this.#number++
      this.#readRecord(view, offset)
    }
    this.#rest = all.slice(offset)
  }

  end(): void {
    if (this.#rest.length === 0 || this.#decoding.requests.isComplete) return
    const came = `${this.#rest.length} bytes at the end`
    this.#decoding.notes.broken(this.#number + 1, `a record of ${this.#length} bytes`, came)
  }
}
