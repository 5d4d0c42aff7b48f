import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../src/kernel/clock.ts'

describe('now', () => {
  test('is milliseconds since 1970', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(5_000)
  })

  test('does not follow the wall clock when that is turned', () => {
    const before = systemClock.now()
    vi.spyOn(Date, 'now').mockReturnValue(0)
    try {
      expect(systemClock.now()).toBeGreaterThanOrEqual(before)
    } finally {
      vi.restoreAllMocks()
    }
  })

  test('never goes back', () => {
    const moments = Array.from({ length: 10_000 }, () => systemClock.now())
    expect(moments).toEqual([...moments].sort((a, b) => a - b))
  })
})

describe('after', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  test('calls back once, when the time has come', () => {
    const callback = vi.fn<() => void>()
    systemClock.after(100, callback)
    vi.advanceTimersByTime(99)
    expect(callback).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    vi.advanceTimersByTime(1_000)
    expect(callback).toHaveBeenCalledOnce()
  })

  test('does not call back when it was cancelled', () => {
    const callback = vi.fn<() => void>()
    systemClock.after(100, callback).cancel()
    vi.advanceTimersByTime(1_000)
    expect(callback).not.toHaveBeenCalled()
  })

  test.each([Infinity, Number.MAX_SAFE_INTEGER, 2 ** 31])('a timer of %d ms does not fire at once', (milliseconds) => {
    const callback = vi.fn<() => void>()
    const timer = systemClock.after(milliseconds, callback)
    vi.advanceTimersByTime(1_000_000_000)
    expect(callback).not.toHaveBeenCalled()
    timer.cancel()
  })
})

test('a timer keeps no process alive', () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  const timer = systemClock.after(60_000, () => {})
  expect(timers()).toBe(before)
  timer.cancel()
})
