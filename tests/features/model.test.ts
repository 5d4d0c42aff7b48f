import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyCount, type Step, type Terms, violations, type Which, type Who } from './model.ts'

const both = fc.constantFrom<Who>('a', 'b')
const key = fc.integer({ min: 0, max: keyCount - 1 })
const keys = fc.array(key, { maxLength: 5 })
const taken = fc.constantFrom(0, 0, 1, 3, 10, 40)
const loading = fc.oneof({ weight: 9, arbitrary: taken }, { weight: 1, arbitrary: fc.constantFrom(250, Infinity) })
const passed = fc.constantFrom(0, 0, 0, 1, 2, 5, 20, 90, 250, 500)

const weighted = (weight: number, arbitrary: fc.Arbitrary<Step>): fc.WeightedArbitrary<Step> => ({ weight, arbitrary })
const one = <Name extends Step['do']>(...names: Name[]): fc.Arbitrary<Name> => fc.constantFrom(...names)

const reads = (who: fc.Arbitrary<Who>): fc.WeightedArbitrary<Step>[] => [
  weighted(8, fc.record({ do: one('get'), who, key })),
  weighted(3, fc.record({ do: one('getMany'), who, keys })),
  weighted(3, fc.record({ do: one('load'), takes: loading, fails: fc.boolean() })),
  weighted(3, fc.record({ do: one('storage'), takes: taken, answers: taken })),
  weighted(8, fc.record({ do: one('pass'), milliseconds: passed })),
]

const changes = (who: fc.Arbitrary<Who>): fc.WeightedArbitrary<Step>[] => [
  weighted(2, fc.record({ do: one('set', 'invalidate'), who, key })),
  weighted(2, fc.record({ do: one('expire', 'refresh', 'has'), who, key })),
  weighted(1, fc.record({ do: one('clear', 'invalidateAll'), who })),
]

const manyChanges = (who: fc.Arbitrary<Who>): fc.WeightedArbitrary<Step>[] => [
  weighted(
    3,
    fc.record({ do: one('invalidateMany', 'expireMany'), who, which: fc.constantFrom<Which>('all', 'even', 'odd') }),
  ),
]

const losses = [weighted(1, fc.record({ do: one('loseMarkers') }))]

const outages = [
  weighted(
    2,
    fc.record({ do: one('outage'), kind: fc.constantFrom('fails' as const, 'hangs' as const, 'none' as const) }),
  ),
]

const window = fc.constantFrom(0, 50)
const terms = (tiers: Terms['tiers'], labels: readonly Terms['labels'][]): fc.Arbitrary<Terms> =>
  fc.record({
    seed: fc.nat(),
    tiers: fc.constant(tiers),
    labels: fc.constantFrom(...labels),
    staleWhileRevalidate: window,
    staleIfError: window,
  })

const runs = Number(process.env['TIERCEL_MODEL_RUNS'] ?? 400)

// A read that begins after a set was called sees the value from before, and is answered after the set has resolved.
const overtakenRead: readonly Step[] = [
  { do: 'get', who: 'a', key: 0 },
  { do: 'pass', milliseconds: 20 },
  { do: 'storage', takes: 10, answers: 0 },
  { do: 'set', who: 'a', key: 0 },
  { do: 'pass', milliseconds: 0 },
  { do: 'storage', takes: 0, answers: 40 },
  { do: 'get', who: 'a', key: 0 },
  { do: 'pass', milliseconds: 90 },
  { do: 'get', who: 'a', key: 0 },
]

// What carries a tag that was invalidated is found when the markers can't be read.
const unreadableMarkers: readonly Step[] = [
  { do: 'set', who: 'a', key: 0 },
  { do: 'pass', milliseconds: 0 },
  { do: 'invalidateMany', who: 'a', which: 'all' },
  { do: 'pass', milliseconds: 0 },
  { do: 'get', who: 'a', key: 0 },
  { do: 'outage', kind: 'fails' },
  { do: 'pass', milliseconds: 0 },
]

async function holds(
  steps: readonly fc.WeightedArbitrary<Step>[],
  tiers: Terms['tiers'],
  labels: readonly Terms['labels'][] = ['none'],
): Promise<void> {
  const programs = fc.array(fc.oneof(...steps), { maxLength: 60, size: 'max' })
  await fc.assert(
    fc.asyncProperty(programs, terms(tiers, labels), async (program, itsTerms) => {
      expect(await violations(program, itsTerms)).toEqual([])
    }),
    {
      numRuns: runs,
      examples: (labels[0] === 'none' ? [overtakenRead] : [overtakenRead, unreadableMarkers]).flatMap((program) =>
        labels.map((carried): [Step[], Terms] => [
          [...program],
          {
            seed: 1,
            tiers,
            labels: carried,
            staleWhileRevalidate: program === overtakenRead ? 0 : 50,
            staleIfError: 0,
          },
        ]),
      ),
    },
  )
}

test('where nothing is changed, there is one load of a key at a time in two processes', async () => {
  await holds(reads(both), 'leasing')
}, 120_000)

test('whatever is called while loads and storages are slow, the promises hold in two processes', async () => {
  await holds([...reads(both), ...changes(both)], 'leasing')
}, 120_000)

test('over a storage without leases, they hold in one process', async () => {
  const alone = fc.constant<Who>('a')
  await holds([...reads(alone), ...changes(alone)], 'plain')
}, 120_000)

test('in memory alone, they hold too', async () => {
  const alone = fc.constant<Who>('a')
  await holds([...reads(alone), ...changes(alone)], 'memory')
}, 120_000)

test('through outages every call settles, no key is stuck, and what was promised holds', async () => {
  await holds([...reads(both), ...changes(both), ...outages], 'leasing')
}, 120_000)

const reached: readonly Terms['labels'][] = ['known', 'late', 'scope']

test('with tags and scopes, whatever is invalidated by them, the promises hold in two processes', async () => {
  await holds([...reads(both), ...changes(both), ...manyChanges(both), ...losses], 'leasing', reached)
}, 240_000)

test('with tags and scopes, over a storage without leases, they hold in one process', async () => {
  const alone = fc.constant<Who>('a')
  await holds([...reads(alone), ...changes(alone), ...manyChanges(alone)], 'plain', reached)
}, 240_000)

test('with tags and scopes, in memory alone, they hold too', async () => {
  const alone = fc.constant<Who>('a')
  await holds([...reads(alone), ...changes(alone), ...manyChanges(alone)], 'memory', reached)
}, 240_000)

test('with tags and scopes, through outages, they hold as well', async () => {
  await holds([...reads(both), ...changes(both), ...manyChanges(both), ...losses, ...outages], 'leasing', reached)
}, 240_000)
