import { beginSlice, nextTurn } from '../../turns.ts'
import { backOff } from '../back-off.ts'
import { isBusy, stillBusy } from './busy.ts'

/*
 * All writes of one storage, in the order they were called, several to a transaction. A commit costs as much as
 * twenty rows, so what comes together goes together: urgent steps leave at the end of the turn in which they came,
 * and take along all that waits before them; others wait a few milliseconds for company.
 *
 * A transaction is synchronous from BEGIN to COMMIT. It is cut when it has held up the event loop for long enough,
 * so a step should be small: a row, or a bounded number of rows and then `unfinished`. A step runs again if its
 * transaction is rolled back; what it answers counts only when that is committed.
 *
 * If another connection is in the way, everybody waits, in order, and is given up when his own time has passed.
 * If a step fails, its transaction is rolled back and its steps are run again one by one, so that only the one that
 * failed is lost.
 */

/** What a step answers when it has done a part and wants to be called again, before the steps behind it. */
export const unfinished: unique symbol = Symbol('unfinished')

/** Writes a little, inside a transaction. */
export type WriteStep<Answer> = () => Answer | typeof unfinished

/** What a queue works with. */
export interface WriteQueueOptions {
  readonly begin: () => void
  readonly commit: () => void
  /** Must not throw. */
  readonly rollback: () => void
  /** Called at the end of every transaction, inside it, with the number of steps in it. */
  readonly beforeCommit: (stepCount: number) => void
  /** Milliseconds a step that isn't urgent waits for company. */
  readonly flushEvery: number
  /** Milliseconds a step waits for other connections. */
  readonly busyFor: number
}

const longestBatch = 500

export class WriteQueue {
  readonly #options: WriteQueueOptions
  #waiting: WaitingStep[] = []
  #timer: NodeJS.Timeout | undefined
  #isDraining = false
  #isHurrying = false
  /** Steps at the head that are run one by one, because one of them failed. */
  #suspectCount = 0
  #busySince: number | undefined
  #attempt = 0

  constructor(options: WriteQueueOptions) {
    this.#options = options
  }

  /** Answers when all steps are committed or lost; rejects with the error of the first that was lost. */
  submit<Answer>(steps: readonly WriteStep<Answer>[], { isUrgent }: { isUrgent: boolean }): Promise<Answer[]> {
    if (steps.length === 0) return Promise.resolve([])
    return new Promise((resolve, reject) => {
      const call: Call<Answer> = { answers: [], left: steps.length, resolve, reject }
      const since = performance.now()
      for (const [index, run] of steps.entries()) {
        this.#waiting.push({ run, since, settle: (outcome) => settle(call, index, outcome as Outcome<Answer>) })
      }
      if (isUrgent || this.#isHurrying || this.#waiting.length >= longestBatch) this.#drainSoon()
      else this.#timer ??= setTimeout(() => this.#drainSoon(), this.#options.flushEvery)
    })
  }

  /** From now on nothing waits for company. */
  hurry(): void {
    this.#isHurrying = true
    if (this.#waiting.length > 0) this.#drainSoon()
  }

  #drainSoon(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#isDraining) return
    this.#isDraining = true
    setImmediate(() => void this.#drain())
  }

  async #drain(): Promise<void> {
    for (;;) {
      const pause = this.#writeBatch()
      if (this.#waiting.length === 0) break
      await (pause ?? nextTurn())
    }
    this.#isDraining = false
  }

  /** One transaction. @returns what to wait for before the next, if not just for the next turn */
  #writeBatch(): Promise<void> | undefined {
    const batch = this.#suspectCount > 0 ? 1 : longestBatch
    const done: { readonly step: WaitingStep; readonly outcome: Outcome<unknown> }[] = []
    let tried = 0
    let hasBegun = false
    try {
      this.#options.begin()
      hasBegun = true
      const slice = beginSlice()
      for (const step of this.#waiting) {
        if (tried === batch || (tried > 0 && slice.isOver())) break
        tried++
        const answer = runWithin(step, slice)
        if (answer === unfinished) break
        done.push({ step, outcome: { answer } })
      }
      this.#options.beforeCommit(tried)
      this.#options.commit()
    } catch (error) {
      // If BEGIN failed, a transaction that is open is somebody else's.
      if (hasBegun) this.#options.rollback()
      return isBusy(error) ? this.#waitForOthers(error) : this.#isolate(tried, error)
    }
    this.#busySince = undefined
    this.#attempt = 0
    this.#takeOut(done.length)
    for (const { step, outcome } of done) step.settle(outcome)
    return undefined
  }

  #waitForOthers(error: unknown): Promise<void> | undefined {
    const now = performance.now()
    const limit = this.#options.busyFor
    this.#busySince ??= now
    if (now - this.#busySince >= limit) {
      const late = this.#waiting.findIndex(({ since }) => now - since < limit)
      this.#lose(late === -1 ? this.#waiting.length : late, stillBusy(limit, error))
    }
    this.#attempt++
    return backOff(this.#attempt)
  }

  #isolate(tried: number, error: unknown): undefined {
    if (tried > 1) this.#suspectCount = tried
    // If not even BEGIN went well it is nobody's fault in particular, and each learns of it in turn.
    else this.#lose(1, error)
  }

  #lose(count: number, error: unknown): void {
    for (const step of this.#takeOut(count)) step.settle({ error })
  }

  #takeOut(count: number): readonly WaitingStep[] {
    this.#suspectCount = Math.max(0, this.#suspectCount - count)
    return this.#waiting.splice(0, count)
  }
}

interface WaitingStep {
  readonly run: WriteStep<unknown>
  readonly since: number
  readonly settle: (outcome: Outcome<unknown>) => void
}

type Outcome<Answer> = { readonly answer: Answer } | { readonly error: unknown }

interface Call<Answer> {
  readonly answers: Answer[]
  left: number
  failure?: { readonly error: unknown }
  readonly resolve: (answers: Answer[]) => void
  readonly reject: (error: unknown) => void
}

function runWithin(step: WaitingStep, slice: { isOver(): boolean }): unknown {
  let answer = step.run()
  while (answer === unfinished && !slice.isOver()) answer = step.run()
  return answer
}

function settle<Answer>(call: Call<Answer>, index: number, outcome: Outcome<Answer>): void {
  if ('error' in outcome) call.failure ??= outcome
  else call.answers[index] = outcome.answer
  call.left--
  if (call.left > 0) return
  if (call.failure === undefined) call.resolve(call.answers)
  else call.reject(call.failure.error)
}
