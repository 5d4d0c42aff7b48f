import { expect, test } from 'vitest'
import { virtualClock } from 'tiercel/testing'
import { Deadlines } from '../../src/flight/deadlines.ts'
import { turn } from './turns.ts'

const never = new Promise<never>(() => {})

/** What became of a guarded promise, by name. */
function guarded(deadlines: Deadlines, promise: Promise<string>, story: string[], name: string): void {
  deadlines
    .guard(
      promise,
      () => new Error(`${name} is late`),
      (cause) => new Error(`${name} failed: ${String(cause)}`),
    )
    .then(
      (value) => story.push(`${name}: ${value}`),
      (error: Error) => story.push(error.message),
    )
}

test('each promise has its whole limit, whenever it began, and one timer watches over all', async () => {
  const clock = virtualClock()
  const deadlines = new Deadlines(100, clock)
  const story: string[] = []
  guarded(deadlines, never, story, 'first')
  await clock.advance(60)
  guarded(deadlines, never, story, 'second')
  guarded(deadlines, never, story, 'third')
  expect(clock.timerCount).toBe(1)
  await clock.advance(39)
  expect(story).toEqual([])
  await clock.advance(1)
  expect(story).toEqual(['first is late'])
  await clock.advance(59)
  expect(story).toHaveLength(1)
  await clock.advance(1)
  expect(story).toEqual(['first is late', 'second is late', 'third is late'])
  expect(clock.timerCount).toBe(0)
})

test('what settles in time is answered as it settled, and not watched any more', async () => {
  const clock = virtualClock()
  const deadlines = new Deadlines(100, clock)
  const story: string[] = []
  guarded(deadlines, Promise.resolve('here'), story, 'good')
  guarded(deadlines, Promise.reject(new Error('no')), story, 'bad')
  await turn()
  expect(story).toEqual(['good: here', 'bad failed: Error: no'])
  await clock.advance(100)
  expect(story).toHaveLength(2)
  expect(clock.timerCount).toBe(0)
})

test('what fails after its time is told once: as late', async () => {
  const clock = virtualClock()
  const deadlines = new Deadlines(100, clock)
  const story: string[] = []
  const late = new Promise<string>((_, reject) => void clock.after(150, () => reject(new Error('later'))))
  guarded(deadlines, late, story, 'slow')
  await clock.advance(300)
  expect(story).toEqual(['slow is late'])
})

test('without a limit it waits as long as it takes, and sets no timer', async () => {
  const clock = virtualClock()
  const deadlines = new Deadlines(Infinity, clock)
  const story: string[] = []
  guarded(deadlines, never, story, 'patient')
  expect(clock.timerCount).toBe(0)
  await clock.advance(1e9)
  expect(story).toEqual([])
})
