import { afterEach, describe, expect, test, vi } from 'vitest'
import { virtualClock } from '../../src/testing/virtual-clock.ts'
import { Background } from '../../src/flight/background.ts'
import { pause, withDeadline } from '../../src/flight/deadline.ts'
import { Semaphore } from '../../src/flight/semaphore.ts'
import { deferred, turn } from './turns.ts'

describe('background', () => {
  const failures = vi.fn<(error: unknown) => void>()
  afterEach(() => failures.mockReset())

  test('is idle when it has nothing', async () => {
    const background = new Background(failures)
    await background.idle()
    expect(background.size).toBe(0)
  })

  test('is idle when everything has ended, what was added meanwhile too', async () => {
    const background = new Background(failures)
    const [first, second] = [deferred(), deferred()]
    background.own(first.promise.then(() => background.own(second.promise)))
    let idle = false
    const rested = background.idle().then(() => (idle = true))
    first.resolve()
    await turn()
    expect([idle, background.size]).toEqual([false, 1])
    second.resolve()
    await rested
    expect(background.size).toBe(0)
  })

  test('tells of work that failed, once, and rests all the same', async () => {
    const background = new Background(failures)
    const error = new Error('failed')
    background.own(Promise.reject(error))
    background.own(Promise.resolve())
    await background.idle()
    expect(failures.mock.calls).toEqual([[error]])
    expect(background.size).toBe(0)
  })
})

describe('a deadline', () => {
  const late = (): Error => new Error('too late')

  test('lets an answer through that comes in time, and leaves no timer', async () => {
    const clock = virtualClock()
    const answer = deferred<string>()
    const limited = withDeadline(answer.promise, 100, clock, late)
    expect(clock.timerCount).toBe(1)
    await clock.advance(99)
    answer.resolve('value')
    expect(await limited).toBe('value')
    expect(clock.timerCount).toBe(0)
  })

  test('lets an error through that comes in time, and leaves no timer', async () => {
    const clock = virtualClock()
    const limited = withDeadline(Promise.reject(new Error('own error')), 100, clock, late)
    await expect(limited).rejects.toThrow('own error')
    expect(clock.timerCount).toBe(0)
  })

  test('ends the waiting when it has passed; what comes then is nobody’s concern', async () => {
    const unhandled = vi.fn<() => void>()
    process.on('unhandledRejection', unhandled)
    try {
      const clock = virtualClock()
      const answer = deferred<string>()
      const missed = expect(withDeadline(answer.promise, 100, clock, late)).rejects.toThrow('too late')
      await clock.advance(100)
      await missed
      answer.reject(new Error('much later'))
      await turn()
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })

  test('of Infinity is none, and costs no timer', async () => {
    const clock = virtualClock()
    const answer = deferred<string>()
    const unlimited = withDeadline(answer.promise, Infinity, clock, late)
    expect(clock.timerCount).toBe(0)
    await clock.advance(1e12)
    answer.resolve('value')
    expect(await unlimited).toBe('value')
  })

  test('of nothing ends at once', async () => {
    const clock = virtualClock()
    const missed = expect(withDeadline(new Promise(() => {}), 0, clock, late)).rejects.toThrow('too late')
    await clock.advance(0)
    await missed
  })
})

test('a pause lasts as long as it says', async () => {
  const clock = virtualClock()
  let over = false
  void pause(100, clock).then(() => (over = true))
  await clock.advance(99)
  expect(over).toBe(false)
  await clock.advance(1)
  expect(over).toBe(true)
})

describe('a semaphore', () => {
  test('lets so many through; the others wait in line', async () => {
    const semaphore = new Semaphore(2)
    const through: string[] = []
    for (const name of ['a', 'b', 'c', 'd']) void semaphore.acquire().then(() => through.push(name))
    await turn()
    expect(through).toEqual(['a', 'b'])
    semaphore.release()
    await turn()
    expect(through).toEqual(['a', 'b', 'c'])
    semaphore.release()
    semaphore.release()
    await turn()
    expect(through).toEqual(['a', 'b', 'c', 'd'])
  })

  test('a permit that is given back while nobody waits is there for the next', async () => {
    const semaphore = new Semaphore(1)
    await semaphore.acquire()
    semaphore.release()
    const through: string[] = []
    for (const name of ['a', 'b']) void semaphore.acquire().then(() => through.push(name))
    await turn()
    expect(through).toEqual(['a'])
  })

  test('nobody overtakes those in line', async () => {
    const semaphore = new Semaphore(1)
    const through: string[] = []
    await semaphore.acquire()
    void semaphore.acquire().then(() => through.push('in line'))
    semaphore.release()
    void semaphore.acquire().then(() => through.push('late'))
    await turn()
    expect(through).toEqual(['in line'])
  })
})
