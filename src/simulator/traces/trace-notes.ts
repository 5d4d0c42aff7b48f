import { CacheError } from '../../kernel/errors.ts'

/** What could not be read. */
export interface BrokenLine {
  /** The line, or the record of a binary trace; the first is 1. */
  readonly line: number
  readonly why: string
}

/** What was found on the way that is no request. */
export class TraceNotes {
  readonly trace: string
  readonly #isStrict: boolean
  readonly #examples: BrokenLine[] = []
  #brokenCount = 0
  #skippedCount = 0

  /** @param isStrict refuse what can't be read, instead of counting it */
  constructor(trace: string, isStrict: boolean) {
    this.trace = trace
    this.#isStrict = isStrict
  }

  get brokenCount(): number {
    return this.#brokenCount
  }

  get skippedCount(): number {
    return this.#skippedCount
  }

  /** The first few that were broken. */
  get examples(): readonly BrokenLine[] {
    return this.#examples
  }

  /**
   * Something could not be read.
   * @param expected what should have been there
   * @throws CacheError `UNREADABLE` when the reading is strict
   */
  broken(line: number, expected: string, came: string): void {
    const short = came.length > longestExcerpt ? `${came.slice(0, longestExcerpt)}…` : came
    // A file is read byte by byte; for people it is most likely UTF-8.
    const why = `${this.trace}:${line}: expected ${expected}, got ${JSON.stringify(Buffer.from(short, 'latin1').toString())}`
    if (this.#isStrict) throw new CacheError('UNREADABLE', why)
    this.#brokenCount++
    if (this.#examples.length < mostExamples) this.#examples.push({ line, why })
  }

  /** Something is no request, and not meant to be one. */
  skipped(): void {
    this.#skippedCount++
  }
}

const longestExcerpt = 60
const mostExamples = 5
