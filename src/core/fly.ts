import { Flight } from '../flight/flight.ts'
import { stoodDown } from './arrive.ts'
import { anyTime } from './change-tokens.ts'
import { countHit, countMiss } from './count.ts'
import type { Errand, Fallback, NodeFlight, Purpose } from './errand.ts'
import { useOf } from './lifetime.ts'
import type { Plan } from './plan.ts'
import { untied } from './reach/reach.ts'
import { stands } from './reach/stand.ts'
import { maxAgeOf, notBeforeOf, type Request } from './request.ts'

// Most refreshes behind an answer at once; beyond it a stale value is served without one.
const mostRevalidations = 1_000

/** Answers a request from the flight of its key, which is started if there is none that can be joined. */
export function fly<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
  fallback?: Fallback<Value>,
): Promise<Value> {
  const { commons, counters } = plan
  const current = commons.flights.get(request.key) as NodeFlight<Params, Value> | undefined
  if (current !== undefined && isTooOld(plan, request, current) && current.errand.notBefore !== anyTime) {
    return follow(plan, request, current)
  }
  if (current === undefined || isOver(plan, request, current)) return launch(plan, request, 'answer', { fallback })
  const nearest = plan.localTiers[0] ?? plan.remoteTiers[0]
  if (current.landed && current.errand.entry !== undefined && nearest !== undefined) {
    // Nothing is waited for: the value is there, and on its way into the tiers.
    countHit(plan, request.key, nearest, false)
  } else {
    countMiss(plan, request.key)
    counters.coalesced++
  }
  return join(plan, request, current)
}

/** Loads a key, whatever there is; a load that was under way may no longer write. */
export function refresh<Params, Value>(plan: Plan<Params, Value>, request: Request<Params, Value>): Promise<Value> {
  plan.commons.refuseIfClosed()
  plan.errors.forget(request.key)
  return launch(plan, request, 'refresh')
}

/** Loads a key behind an answer that was stale, unless that is being done already. */
export function revalidate<Params, Value>(plan: Plan<Params, Value>, request: Request<Params, Value>): void {
  const { commons } = plan
  if (commons.flights.get(request.key) !== undefined || commons.revalidations >= mostRevalidations) return
  commons.revalidations++
  // With the call's own load, but not its signal: nobody who joins and leaves may abort it.
  const { load, loadMany } = request.options ?? {}
  void launch(plan, { ...request, options: { load, loadMany } }, 'revalidate')
}

/** What a flight has when it starts. */
export interface LaunchState<Value> {
  readonly fallback?: Fallback<Value> | undefined
  /** Its request has been counted. */
  readonly counted?: boolean
  /** How often its callers have been handed on. */
  readonly handovers?: number
}

/** Starts a flight, takes its place on the table, and boards it. */
export function launch<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
  purpose: Purpose,
  state: LaunchState<Value> = {},
): Promise<Value> {
  const signal = request.options?.signal
  // Nobody would wait for it, and nobody could call it off.
  if (signal?.aborted === true) return Promise.reject(signal.reason as Error)
  const errand = errandOf(plan, request, purpose, state)
  const flight = new Flight<Value, Errand<Params, Value>>(request.key, errand)
  const { flights, lookups } = plan.commons
  if (purpose === 'lookup') lookups.start(flight)
  else flights.start(flight)
  plan.departures.depart(flight)
  return flight.board('answer', signal)
}

/**
 * Hands the callers of a flight that a feed has overtaken on to a younger one: what the first has read may be out of date,
 * and it may not write what it would load.
 */
export async function handOver<Params, Value>(
  plan: Plan<Params, Value>,
  flight: NodeFlight<Params, Value>,
): Promise<void> {
  const { key, errand } = flight
  const { params, lifetime, load, loadMany, maxAge, notBefore, purpose, counted } = errand
  const request = { key, params, lifetime, notBefore, options: { load, loadMany, maxAge } }
  const current = plan.commons.flights.get(key) as NodeFlight<Params, Value> | undefined
  const state = { counted, handovers: errand.handovers + 1 }
  const isJoined = purpose !== 'refresh' && current !== undefined && !isOver(plan, request, current)
  const younger = isJoined
    ? join(plan, request, current)
    : launch(plan, request, purpose === 'refresh' ? purpose : 'answer', state)
  await younger.then(
    (value) => flight.resolve(value),
    (error: unknown) => flight.reject(error),
  )
}

// Whoever else names a token waits for what it writes, and so do those who come meanwhile with tokens of their own: all of
// them are content with the next flight. If each overtook the one before, nothing would ever be written.
async function follow<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
  flight: NodeFlight<Params, Value>,
): Promise<Value> {
  const { errand } = flight
  const signal = request.options?.signal
  const over = new Promise<void>((resolve) => (errand.followers ??= []).push(resolve))
  await flight.board('landing', signal).catch((error: unknown) => {
    if (signal?.aborted === true) throw error
  })
  await over
  return fly(plan, request)
}

function join<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
  flight: NodeFlight<Params, Value>,
): Promise<Value> {
  const signal = request.options?.signal
  // Whoever it hands its callers on to has to content them all.
  flight.errand.notBefore = Math.max(flight.errand.notBefore, notBeforeOf(plan, request))
  const answer = isUsable(plan, request, flight)
    ? flight.board('answer', signal)
    : // What it serves in the meantime has become too old for that; what it brings may never come.
      flight.board('landing', signal).catch((error: unknown) => {
        if (error !== stoodDown) throw error
        return launch(plan, request, 'answer', { counted: true })
      })
  const maxAge = maxAgeOf(plan, request)
  if (maxAge === Infinity) return answer
  const { commons } = plan
  const asked = commons.clock.now()
  return answer.then((value) => {
    const { entry } = flight.errand
    if (entry === undefined || entry.createdAt >= asked || isUsable(plan, request, flight)) return value
    // It found its value before this caller's limit; others may want a younger one as well, together.
    const next = commons.flights.get(request.key) as NodeFlight<Params, Value> | undefined
    if (next === undefined || next === flight || isOver(plan, request, next)) {
      return launch(plan, request, 'answer', { counted: true })
    }
    return join(plan, request, next)
  })
}

/** Whether a flight may be answered with something from before the changes whose tokens a request names. */
export function isTooOld<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
  { errand }: NodeFlight<Params, Value>,
): boolean {
  return !plan.commons.tokens.covers(errand.oldest, notBeforeOf(plan, request))
}

// A flight stays until its writes end. If they take longer than its value lives, it can't be joined any more.
function isOver<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
  flight: NodeFlight<Params, Value>,
): boolean {
  return isTooOld(plan, request, flight) || (flight.landed && !isUsable(plan, request, flight))
}

function isUsable<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
  { errand }: NodeFlight<Params, Value>,
): boolean {
  const { entry, lifetime } = errand
  if (entry === undefined) return true
  return stands(plan, entry) && useOf(entry, plan.commons.clock.now(), lifetime, maxAgeOf(plan, request)) !== 'none'
}

function errandOf<Params, Value>(
  plan: Plan<Params, Value>,
  request: Request<Params, Value>,
  purpose: Purpose,
  state: LaunchState<Value>,
): Errand<Params, Value> {
  const { params, options, lifetime = plan.lifetime } = request
  const own = options?.load !== undefined || options?.loadMany !== undefined ? options : plan
  const notBefore = notBeforeOf(plan, request)
  const asOf = plan.commons.tokens.tick
  // A tier above the authority may have something of any age, and is passed over by who names a token.
  const mayFindOld = state.fallback !== undefined || (notBefore === anyTime && plan.remoteTiers.length > 1)
  const ties = request.ties ?? plan.reach?.tiesOf(params) ?? untied
  return {
    purpose,
    params,
    lifetime,
    load: own.load,
    loadMany: own.loadMany,
    maxAge: maxAgeOf(plan, request),
    ties,
    labels: ties.named.length === 0 ? ties.known : [...ties.known, ...ties.named],
    expectsLate: plan.reach?.expectsLate === true,
    before: undefined,
    epochs: plan.epochs,
    epoch: plan.epochs.stamp,
    asOf,
    oldest: mayFindOld ? notBefore : asOf,
    notBefore,
    suspect: state.fallback?.suspect === true,
    overtaken: false,
    handovers: state.handovers ?? 0,
    fallback: state.fallback,
    token: undefined,
    leaseLost: false,
    surplus: false,
    counted: state.counted ?? (purpose === 'revalidate' || purpose === 'refresh'),
    entry: undefined,
    finished: false,
    followers: undefined,
  }
}
