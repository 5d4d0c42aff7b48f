import { expect, test } from 'vitest'
import { seededChance, virtualClock } from 'tiercel/testing'

test('a virtual clock stands still until it is turned', async () => {
  const clock = virtualClock({ start: 1_000 })
  expect(clock.now()).toBe(1_000)
  await clock.advance(50)
  clock.tick(7)
  expect(clock.now()).toBe(1_057)
})

test('timers fire in the order they are due, each at its moment, and what they promise settles in between', async () => {
  const clock = virtualClock({ start: 0 })
  const story: string[] = []
  const tell = (what: string) => async (): Promise<void> => {
    story.push(`${what} at ${clock.now()}`)
    for (let step = 0; step < 10; step++) await Promise.resolve()
    story.push(`${what} settled`)
  }
  clock.after(20, () => void tell('second')())
  clock.after(10, () => void tell('first')())
  clock.after(20, () => void tell('third')())
  clock.after(31, () => void tell('too late')())
  await clock.advance(30)
  expect(story).toEqual([
    'first at 10',
    'first settled',
    'second at 20',
    'second settled',
    'third at 20',
    'third settled',
  ])
  expect(clock.now()).toBe(30)
  expect(clock.timerCount).toBe(1)
})

test('a timer that a timer sets fires in the same turn of the clock, if it is due in time', async () => {
  const clock = virtualClock({ start: 0 })
  const fired: number[] = []
  const again = (): void => {
    fired.push(clock.now())
    clock.after(10, again)
  }
  clock.after(10, again)
  await clock.advance(35)
  clock.tick(10)
  expect(fired).toEqual([10, 20, 30, 40])
})

test('a timer that was cancelled does not fire, not even by one that is due at the same moment', async () => {
  const clock = virtualClock()
  const fired: string[] = []
  const cancelled = clock.after(10, () => fired.push('cancelled'))
  clock.after(5, () => cancelled.cancel())
  clock.after(10, () => fired.push('kept'))
  await clock.advance(20)
  cancelled.cancel()
  expect(fired).toEqual(['kept'])
})

test('chance with the same seed repeats itself, and with another does not', () => {
  const draw = (seed: number | string): readonly unknown[] => {
    const chance = seededChance(seed)
    return [chance.fraction(), chance.token(), chance.fraction(), chance.token()]
  }
  expect(draw(7)).toEqual(draw(7))
  expect(draw('a name')).toEqual(draw('a name'))
  expect(draw(7)).not.toEqual(draw(8))
})

test('seeded chance is spread evenly, and its tokens differ', () => {
  const chance = seededChance(1)
  const fractions = Array.from({ length: 10_000 }, () => chance.fraction())
  expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...fractions)).toBeLessThan(1)
  for (let tenth = 0; tenth < 10; tenth++) {
    const within = fractions.filter((fraction) => Math.floor(fraction * 10) === tenth)
    expect(Math.abs(within.length - 1_000)).toBeLessThan(150)
  }
  expect(new Set(Array.from({ length: 1_000 }, () => chance.token())).size).toBe(1_000)
})
