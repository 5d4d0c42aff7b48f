import { CacheError } from '../kernel/errors.ts'
import { stopwatch } from '../observe/stopwatch.ts'
import type { Entry } from '../kernel/entry.ts'
import { answerStale, countFlightMiss, finish, missingLoad } from './arrive.ts'
import type { LoadContext, LoadMany } from './definition.ts'
import type { NodeFlight } from './errand.ts'
import { handOver } from './fly.ts'
import { keepLease } from './keep-lease.ts'
import { newEntry } from './lifetime.ts'
import { limited } from './limited.ts'
import type { AnyPlan, Plan } from './plan.ts'
import { stampAfter } from './reach/after-load.ts'
import { noteBefore } from './reach/before-load.ts'
import type { Route } from './route.ts'
import { softLimit } from './soft-limit.ts'
import { keep, notKept, release } from './write.ts'

// Then its callers get what it loads itself.
const mostHandovers = 3

/** Loads flights from their source, together where one `loadMany` can, and keeps what they bring. Never throws. */
export async function load<Params, Value>(
  plan: Plan<Params, Value>,
  flights: readonly NodeFlight<Params, Value>[],
  route: Route<Value>,
): Promise<void> {
  if (plan.reach !== undefined) await noteBefore(plan, flights, route)
  const passed: Promise<void>[] = []
  const alone: NodeFlight<Params, Value>[] = []
  const together = new Map<LoadMany<Params, Value>, NodeFlight<Params, Value>[]>()
  for (const flight of flights) {
    if (isHandedOver(flight)) {
      passed.push(pass(plan, flight))
      continue
    }
    const { loadMany } = flight.errand
    const others = loadMany === undefined ? alone : together.get(loadMany)
    if (others !== undefined) others.push(flight)
    else if (loadMany !== undefined) together.set(loadMany, [flight])
  }
  const loads = alone.map((flight) => loadOne(plan, flight, route))
  for (const [loadMany, batch] of together) {
    for (const part of cut(batch, plan.maxBatch)) loads.push(loadBatch(plan, part, loadMany, route))
  }
  await Promise.all([...passed, ...loads])
}

// What a feed has told of since it began is for a younger flight to load; but where a key changes all the time its callers
// can't be handed on for ever.
function isHandedOver<Params, Value>({ errand, settled }: NodeFlight<Params, Value>): boolean {
  return errand.overtaken && errand.handovers < mostHandovers && !settled
}

async function pass<Params, Value>(plan: Plan<Params, Value>, flight: NodeFlight<Params, Value>): Promise<void> {
  release(plan, flight)
  await handOver(plan, flight)
  finish(plan, flight)
}

async function loadOne<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  route: Route<Value>,
): Promise<void> {
  const { errand } = flight
  await attempt(plan, [flight], route, async (context) => {
    if (errand.load === undefined) throw missingLoad(plan)
    return [{ value: await errand.load(errand.params, context) }]
  })
}

async function loadBatch<Params, Value>(
  plan: Plan<Params, Value>,
  flights: readonly NodeFlight<Params, Value>[],
  loadMany: LoadMany<Params, Value>,
  route: Route<Value>,
): Promise<void> {
  const [only] = flights
  if (flights.length === 1 && only?.errand.load !== undefined) return loadOne(plan, only, route)
  await attempt(plan, flights, route, async (context) => {
    const list = flights.map((flight) => flight.errand.params)
    const answers = await loadMany(list, context)
    if (answers.length !== list.length) throw mismatch(plan, list.length, answers.length)
    return answers.map((answer) => (answer instanceof Error ? { error: answer } : { value: answer as Value }))
  })
}

type Outcome<Value> = { readonly value: Value } | { readonly error: unknown }

// One call of the source, for one flight or for a batch.
async function attempt<Params, Value>(
  plan: Plan<Params, Value>,
  flights: readonly NodeFlight<Params, Value>[],
  route: Route<Value>,
  run: (context: LoadContext) => Promise<readonly Outcome<Value>[]>,
): Promise<void> {
  const prepared = flights.map((flight) => prepare(plan, flight))
  const elapsed = stopwatch()
  const outcomes = await limited(plan, flights, run).catch((error: unknown) => flights.map(() => ({ error })))
  const duration = elapsed()
  plan.counters.loadLatency.record(duration)
  for (const settle of prepared) settle()
  await Promise.all(
    flights.map((flight, index) => {
      const outcome = outcomes[index] ?? { error: mismatch(plan, flights.length, outcomes.length) }
      plan.counters.countLoad('value' in outcome ? 'success' : 'failure', duration / flights.length)
      return arrive(plan, flight, outcome, duration / 1e6, route).finally(() => finish(plan, flight))
    }),
  )
}

// What runs beside a load: the soft limit, and the lease that is kept alive. Returns what ends both.
function prepare<Params, Value>(plan: Plan<Params, Value>, flight: NodeFlight<Params, Value>): () => void {
  countFlightMiss(plan, flight)
  const limit = softLimit(plan, flight)
  const lease = keepLease(plan, flight)
  return () => {
    limit?.cancel()
    lease?.cancel()
  }
}

async function arrive<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  outcome: Outcome<Value>,
  duration: number,
  route: Route<Value>,
): Promise<void> {
  const { commons, name } = plan
  const { key, errand } = flight
  if ('error' in outcome) {
    if (commons.events.wanted.loadFailure)
      commons.events.emit('loadFailure', { node: name, key, duration, error: outcome.error })
    fail(plan, flight, outcome.error)
    return
  }
  if (commons.events.wanted.load) commons.events.emit('load', { node: name, key, duration })
  const { value } = outcome
  if (value === undefined) {
    flight.resolve(value)
    release(plan, flight)
    return
  }
  const entry = entryOf(plan, flight, value)
  // Answer, then write: nobody waits for a tier to take what they have already.
  errand.entry = entry
  flight.resolve(value)
  if (entry === undefined) release(plan, flight)
  else await keep(plan, flight, entry, route)
}

function fail<Params, Value>(plan: Plan<Params, Value>, flight: NodeFlight<Params, Value>, error: unknown): void {
  const { errorTtl } = flight.errand.lifetime
  release(plan, flight)
  if (answerStale(plan, flight, 'error')) return
  if (errorTtl > 0 && flight.fenced) {
    plan.errors.remember(flight.key, error, plan.commons.clock.now() + errorTtl, flight.errand.asOf)
  }
  flight.reject(error)
}

// A `ttl` or `tags` function of the program's may throw; then the value is answered, and not kept.
function entryOf<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
  value: Value,
): Entry<Value> | undefined {
  const { clock, chance } = plan.commons
  try {
    const entry = newEntry(value, flight.errand.params, clock.now(), flight.errand.lifetime, chance)
    return plan.reach === undefined ? entry : { ...entry, stamp: stampAfter(plan, flight, value) }
  } catch (error) {
    notKept(plan, flight.key, error)
    return undefined
  }
}

function* cut<Item>(items: readonly Item[], most: number): Generator<readonly Item[]> {
  for (let from = 0; from < items.length; from += most) yield items.slice(from, from + most)
}

/** The error of a `loadMany` that answered another number than it was asked for. */
export function mismatch(plan: AnyPlan, asked: number, came: number): CacheError {
  return new CacheError(
    'LOAD_MISMATCH',
    `node '${plan.name}': loadMany was asked for ${asked} and answered ${came}: ` +
      'it must answer one for each, in their order, and undefined for what there is not',
  )
}
