import { describe, expect, test, vi } from 'vitest'
import { Flight } from '../../src/flight/flight.ts'
import { turn } from './turns.ts'

function flightOf(): { flight: Flight<string>; onDeserted: () => void } {
  const flight = new Flight<string>('k', undefined)
  const onDeserted = vi.fn<() => void>()
  flight.onDeserted = onDeserted
  return { flight, onDeserted }
}

describe('those who wait', () => {
  test('all get the one answer', async () => {
    const { flight } = flightOf()
    const answers = [flight.board(), flight.board('answer', new AbortController().signal), flight.board()]
    flight.resolve('value')
    expect(await Promise.all(answers)).toEqual(['value', 'value', 'value'])
  })

  test('DEFECTS 1: all get the one error', async () => {
    const { flight } = flightOf()
    const answers = [flight.board(), flight.board('answer', new AbortController().signal)]
    const error = new Error('no source')
    flight.reject(error)
    const outcomes = await Promise.allSettled(answers)
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason === error)).toEqual([true, true])
  })

  test('get it when they board after it has settled, too', async () => {
    const { flight } = flightOf()
    flight.resolve('value')
    expect(await flight.board()).toBe('value')
    expect(await flight.board('answer', new AbortController().signal)).toBe('value')
  })

  test('the first word counts', async () => {
    const { flight } = flightOf()
    flight.resolve('first')
    flight.resolve('second')
    flight.reject(new Error('third'))
    expect(await flight.board()).toBe('first')
  })

  test('a failure that nobody waits for is no unhandled rejection', async () => {
    const unhandled = vi.fn<() => void>()
    process.on('unhandledRejection', unhandled)
    try {
      const { flight } = flightOf()
      flight.reject(new Error('nobody asked'))
      await turn()
      await turn()
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })
})

test('it says whether it has settled, and landed', () => {
  const [resolved, rejected] = [flightOf().flight, flightOf().flight]
  expect([resolved.settled, rejected.settled]).toEqual([false, false])
  resolved.resolve('value')
  rejected.reject(new Error('no source'))
  expect([resolved.settled, rejected.settled, resolved.landed, rejected.landed]).toEqual([true, true, true, true])
})

describe('a flight that serves something in the meantime', () => {
  test('answers those who wait, and those who come before it lands', async () => {
    const { flight } = flightOf()
    const before = flight.board()
    flight.serve('stale')
    expect(await Promise.all([before, flight.board()])).toEqual(['stale', 'stale'])
    expect([flight.settled, flight.landed, flight.fenced]).toEqual([true, false, true])
  })

  test('answers those who wait for the landing, and those who come after it, with what it brings', async () => {
    const { flight } = flightOf()
    flight.serve('stale')
    const waiting = flight.board('landing')
    flight.resolve('fresh')
    expect(await Promise.all([waiting, flight.board(), flight.board('landing')])).toEqual(['fresh', 'fresh', 'fresh'])
    expect(flight.landed).toBe(true)
  })

  test('tells a failure only to those who wait for the landing', async () => {
    const { flight } = flightOf()
    const served = flight.board()
    flight.serve('stale')
    const waiting = flight.board('landing')
    flight.reject(new Error('no source'))
    await expect(waiting).rejects.toThrow('no source')
    expect(await served).toBe('stale')
  })

  test('serves once, and nothing after it has landed', async () => {
    const { flight } = flightOf()
    flight.serve('stale')
    flight.serve('staler')
    expect(await flight.board()).toBe('stale')
    flight.resolve('fresh')
    flight.serve('stalest')
    expect(await flight.board()).toBe('fresh')
  })

  test('is not deserted by those who go after they were served', () => {
    const { flight, onDeserted } = flightOf()
    const leaving = new AbortController()
    flight.board('landing', leaving.signal).catch(() => {})
    flight.serve('stale')
    leaving.abort()
    expect(onDeserted).not.toHaveBeenCalled()
    expect([flight.deserted, flight.fenced]).toEqual([false, true])
  })

  test('without having served, lands for everybody at once', async () => {
    const { flight } = flightOf()
    const waiting = [flight.board(), flight.board('landing')]
    flight.resolve('fresh')
    expect(await Promise.all(waiting)).toEqual(['fresh', 'fresh'])
  })
})

test('a broken fence stays broken, and its callers still get their answer', async () => {
  const { flight } = flightOf()
  const answer = flight.board()
  expect(flight.fenced).toBe(true)
  flight.breakFence()
  expect(flight.fenced).toBe(false)
  flight.resolve('value')
  expect([await answer, flight.fenced]).toEqual(['value', false])
})

describe('callers that go', () => {
  test('DEFECTS 2: one that goes gets its own reason at once, and the others their answer', async () => {
    const { flight, onDeserted } = flightOf()
    const leaving = new AbortController()
    const left = flight.board('answer', leaving.signal)
    const stayed = flight.board('answer', new AbortController().signal)
    const reason = new Error('tired of waiting')
    leaving.abort(reason)
    await expect(left).rejects.toBe(reason)
    expect([flight.deserted, flight.fenced]).toEqual([false, true])
    flight.resolve('value')
    expect(await stayed).toBe('value')
    expect(onDeserted).not.toHaveBeenCalled()
  })

  test('the last one to go deserts the flight, which may not write any more', async () => {
    const { flight, onDeserted } = flightOf()
    const callers = [new AbortController(), new AbortController()]
    const answers = callers.map(({ signal }) => flight.board('answer', signal))
    callers[0]?.abort()
    expect(onDeserted).not.toHaveBeenCalled()
    callers[1]?.abort()
    expect(onDeserted).toHaveBeenCalledOnce()
    expect([flight.deserted, flight.fenced]).toEqual([true, false])
    expect((await Promise.allSettled(answers)).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  test('one who waits to the end pins the flight', () => {
    const { flight, onDeserted } = flightOf()
    void flight.board()
    const leaving = new AbortController()
    flight.board('answer', leaving.signal).catch(() => {})
    leaving.abort()
    expect(onDeserted).not.toHaveBeenCalled()
    expect(flight.fenced).toBe(true)
  })

  test('one who had gone before never boards', async () => {
    const { flight, onDeserted } = flightOf()
    const reason = new Error('gone')
    await expect(flight.board('answer', AbortSignal.abort(reason))).rejects.toBe(reason)
    expect([flight.deserted, flight.fenced]).toEqual([false, true])
    expect(onDeserted).not.toHaveBeenCalled()
  })

  test('one who goes after the answer deserts nothing', async () => {
    const { flight, onDeserted } = flightOf()
    const leaving = new AbortController()
    const answer = flight.board('answer', leaving.signal)
    flight.resolve('value')
    expect(await answer).toBe('value')
    leaving.abort()
    expect([flight.deserted, flight.fenced]).toEqual([false, true])
    expect(onDeserted).not.toHaveBeenCalled()
  })

  test('one who goes in the moment of the answer deserts nothing', async () => {
    const { flight, onDeserted } = flightOf()
    const leaving = new AbortController()
    const answer = flight.board('answer', leaving.signal)
    flight.resolve('value')
    leaving.abort()
    await Promise.allSettled([answer])
    expect([flight.deserted, flight.fenced]).toEqual([false, true])
    expect(onDeserted).not.toHaveBeenCalled()
  })

  test('a signal that lives on is let go when the answer has come', async () => {
    const { flight } = flightOf()
    const { signal } = new AbortController()
    const listening = vi.spyOn(signal, 'addEventListener')
    const letGo = vi.spyOn(signal, 'removeEventListener')
    const answer = flight.board('answer', signal)
    flight.resolve('value')
    await answer
    await turn()
    expect(letGo.mock.calls.map(([, listener]) => listener)).toEqual(
      listening.mock.calls.map(([, listener]) => listener),
    )
    expect(listening).toHaveBeenCalledOnce()
  })
})
