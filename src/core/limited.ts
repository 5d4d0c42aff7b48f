import { CacheError } from '../kernel/errors.ts'
import type { LoadContext } from './definition.ts'
import type { NodeFlight } from './errand.ts'
import type { AnyPlan, Plan } from './plan.ts'

/**
 * Runs a load under its hard limit, for one flight or for those of a batch. Rejects when the limit has passed or every
 * caller has gone; the load is told by its signal, and counted for as long as it runs on regardless.
 */
export async function limited<Params, Value, Result>(
  plan: Plan<Params, Value>,
  flights: readonly NodeFlight<Params, Value>[],
  run: (context: LoadContext) => Result | PromiseLike<Result>,
): Promise<Result> {
  const { concurrency } = plan.limits
  if (concurrency === undefined) return runLimited(plan, flights, run)
  await concurrency.acquire()
  try {
    return await runLimited(plan, flights, run)
  } finally {
    concurrency.release()
  }
}

async function runLimited<Params, Value, Result>(
  plan: Plan<Params, Value>,
  flights: readonly NodeFlight<Params, Value>[],
  run: (context: LoadContext) => Result | PromiseLike<Result>,
): Promise<Result> {
  const { commons, limits, counters } = plan
  // They may have gone while the tiers were read, or in line.
  if (flights.every((flight) => flight.deserted)) throw deserted()
  if (counters.detachedLoads >= limits.detached) throw overloaded(plan)

  const context = new Context()
  const loading = start(run, context)
  return new Promise((resolve, reject) => {
    const giveUp = (reason: Error): void => {
      settle()
      counters.detachedLoads++
      const done = (): void => void counters.detachedLoads--
      loading.then(done, done)
      context.abort(reason)
      reject(reason)
    }
    const timer = limits.hard === Infinity ? undefined : commons.clock.after(limits.hard, () => giveUp(timedOut(plan)))
    const settle = (): void => {
      timer?.cancel()
      for (const flight of flights) flight.onDeserted = undefined
    }
    const desert = (): void => {
      if (flights.every((flight) => flight.deserted)) giveUp(deserted())
    }
    for (const flight of flights) flight.onDeserted = desert
    loading.then(
      (result) => {
        settle()
        resolve(result)
      },
      (error: unknown) => {
        settle()
        reject(error)
      },
    )
  })
}

async function start<Result>(
  run: (context: LoadContext) => Result | PromiseLike<Result>,
  context: LoadContext,
): Promise<Result> {
  return run(context)
}

// Most loads never look at their signal; it is made for those that do.
class Context implements LoadContext {
  #controller: AbortController | undefined
  #aborted: Error | undefined

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#aborted !== undefined) this.#controller.abort(this.#aborted)
    return this.#controller.signal
  }

  abort(reason: Error): void {
    this.#aborted = reason
    this.#controller?.abort(reason)
  }
}

function timedOut(plan: AnyPlan): CacheError {
  return new CacheError(
    'LOAD_TIMEOUT',
    `node '${plan.name}': the load took longer than its hard limit of ${plan.limits.hard} ms (limits: { hard })`,
  )
}

function overloaded(plan: AnyPlan): CacheError {
  return new CacheError(
    'LOAD_OVERLOADED',
    `node '${plan.name}': ${plan.limits.detached} loads passed their hard limit and still run (limits: { detached }); ` +
      'a load should stop when its signal is aborted',
  )
}

function deserted(): Error {
  return new DOMException('every caller of this load has gone', 'AbortError')
}
