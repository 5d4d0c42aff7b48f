import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { Labels } from '../../src/core/reach/labels.ts'
import { standing } from '../../src/kernel/stamp.ts'

const called = { now: 5, called: true }
const version = (hard: string, soft = 's') => ({ hard, soft, softenedAt: 0 })
const stampOf = (labels: Labels, ...keys: string[]) => ({
  labels: keys.map((key) => labels.of(key)),
  versions: [],
  known: keys.length,
  at: labels.count,
})

describe('what is known of labels', () => {
  test('is one record for a key, for as long as something carries it', () => {
    const labels = new Labels()
    const first = labels.of('a')
    expect(labels.of('a')).toBe(first)
    for (let index = 0; index < 30_000; index++) labels.of(`other ${index}`)
    expect(labels.of('a')).toBe(first)
    labels.change(['a'], 'invalidate', called)
    expect(first.hardAt).toBe(labels.count)
  })

  test('is forgotten, as far as nothing carries it', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    const labels = new Labels()
    for (let index = 0; index < 40_000; index++) labels.of(`${index}`)
    for (let turn = 0; turn < 20 && labels.size > 15_000; turn++) {
      await new Promise((resolve) => setImmediate(resolve))
      gc()
    }
    expect(labels.size).toBeLessThanOrEqual(15_000)
  }, 60_000)

  test('that has been forgotten may have changed', () => {
    const labels = new Labels()
    const before = labels.count
    labels.change(['gone'], 'invalidate', called)
    for (let index = 0; index < 10_001; index++) labels.of(`other ${index}`)
    expect(labels.of('new').changedAt).toBeGreaterThan(before)
  })
})

describe('a stamp', () => {
  test('stands while nothing changes that it carries, and is looked at once for each change', () => {
    const labels = new Labels()
    const stamp = stampOf(labels, 'a', 'b')
    labels.change(['c'], 'invalidate', called)
    expect(standing(stamp, labels.count)).toBe('valid')
    expect(stamp.at).toBe(labels.count)
    labels.change(['b'], 'expire', called)
    expect(standing(stamp, labels.count)).toBe('stale')
    labels.change(['a'], 'invalidate', called)
    expect(standing(stamp, labels.count)).toBe('invalid')
    expect(standing(stampOf(labels, 'a', 'b'), labels.count)).toBe('valid')
  })

  test('falls when a read shows another version, and not when it shows the same or the first', () => {
    const labels = new Labels()
    const stamp = stampOf(labels, 'a')
    const [label] = stamp.labels
    labels.learn(label!, version('1'))
    labels.learn(label!, version('1'))
    expect(standing(stamp, labels.count)).toBe('valid')
    labels.learn(label!, version('1', 'other'))
    expect(standing(stamp, labels.count)).toBe('stale')
    labels.learn(label!, version('2', 'other'))
    expect(standing(stamp, labels.count)).toBe('invalid')
    const next = stampOf(labels, 'a')
    labels.learn(label!, undefined)
    expect(standing(next, labels.count)).toBe('invalid')
  })

  test('falls when a feed tells of its marker, and with everything', () => {
    const labels = new Labels()
    const stamp = stampOf(labels, 'a')
    labels.told(['b'])
    labels.doubtAll()
    expect(standing(stamp, labels.count)).toBe('valid')
    labels.told(['a'])
    expect(standing(stamp, labels.count)).toBe('invalid')
    const next = stampOf(labels, 'a')
    labels.changeAll()
    expect(standing(next, labels.count)).toBe('invalid')
  })
})
