import { expect, test } from 'vitest'
import {
  longerSeconds,
  secondsForEntry,
  secondsForLease,
  shorterSeconds,
} from '../../../src/storages/memcached/server-seconds.ts'

const wallNow = Date.UTC(2026, 0, 1)
const day = 86_400

test('from ten seconds up the server is asked for no more than was', () => {
  for (const ttl of [10_000, 10_001, 59_999, 60_000, 3_600_001]) {
    const seconds = secondsForEntry(ttl, wallNow)
    expect(seconds * 1_000).toBeLessThanOrEqual(ttl)
    expect(seconds * 1_000).toBeGreaterThan(ttl - 1_000)
  }
})

test('below that, and for leases, for at least as much, though its seconds may be nearly over', () => {
  for (const ttl of [-5, 0, 1, 20, 999, 1_000, 1_001, 9_999]) {
    const seconds = secondsForEntry(ttl, wallNow)
    expect((seconds - 1) * 1_000).toBeGreaterThanOrEqual(ttl)
    expect((seconds - 2) * 1_000).toBeLessThan(Math.max(ttl, 1))
    expect(seconds).toBe(secondsForLease(ttl, wallNow))
  }
  expect(secondsForLease(60_000, wallNow)).toBe(61)
})

test('beyond thirty days it is a moment, and beyond 2038 for ever', () => {
  expect(secondsForEntry(30 * day * 1_000, wallNow)).toBe(30 * day)
  expect(secondsForEntry(31 * day * 1_000, wallNow)).toBe(wallNow / 1_000 + 31 * day)
  expect(secondsForEntry(3.15e12, wallNow)).toBe(0)
  expect(secondsForEntry(Infinity, wallNow)).toBe(0)
})

test('spans, moments and for ever are compared as what they mean', () => {
  const moment = wallNow / 1_000 + 31 * day
  expect(longerSeconds(5, 60)).toBe(60)
  expect(longerSeconds(0, 60)).toBe(0)
  expect(longerSeconds(60, moment)).toBe(moment)
  expect(shorterSeconds(5, 60)).toBe(5)
  expect(shorterSeconds(60, 5)).toBe(5)
  expect(shorterSeconds(-1, 60)).toBe(60)
  expect(shorterSeconds(5, 0)).toBe(5)
  expect(shorterSeconds(5, moment)).toBe(5)
  // What is left may be a span that memcached would take for a moment.
  expect(shorterSeconds(31 * day, moment)).toBe(moment)
})
