import { describe, expect, test, vi } from 'vitest'
import { Departures } from '../../src/flight/departures.ts'
import { Gather } from '../../src/flight/gather.ts'
import { turn } from './turns.ts'

type AskAll = (questions: readonly string[]) => Promise<readonly string[]>

const answers = (questions: readonly string[]): Promise<string[]> =>
  Promise.resolve(questions.map((each) => `${each}!`))

describe('what is asked in one turn', () => {
  test('is asked as one, in order, and everybody gets theirs', async () => {
    const askAll = vi.fn<AskAll>(answers)
    const gather = new Gather(askAll)
    const asked = [gather.ask(['a', 'b']), gather.ask([]), gather.ask(['c']), gather.ask(['a'])]
    expect(await Promise.all(asked)).toEqual([['a!', 'b!'], [], ['c!'], ['a!']])
    expect(askAll.mock.calls).toEqual([[['a', 'b', 'c', 'a']]])
  })

  test('from microtasks that were queued before, too', async () => {
    const askAll = vi.fn<AskAll>(answers)
    const gather = new Gather(askAll)
    await Promise.all(
      ['a', 'b', 'c'].map(async (each) => {
        await Promise.resolve()
        return gather.ask([each])
      }),
    )
    expect(askAll.mock.calls).toEqual([[['a', 'b', 'c']]])
  })

  test('alone is handed on as it was given', async () => {
    const askAll = vi.fn<AskAll>(answers)
    const gather = new Gather(askAll)
    const questions = ['a', 'b']
    expect(await gather.ask(questions)).toEqual(['a!', 'b!'])
    expect(askAll.mock.calls[0]?.[0]).toBe(questions)
  })

  test('in the next turn is asked anew, though the first has not been answered', async () => {
    const askAll = vi.fn<AskAll>(() => new Promise(() => {}))
    const gather = new Gather(askAll)
    void gather.ask(['a'])
    await turn()
    void gather.ask(['b'])
    await turn()
    expect(askAll.mock.calls).toEqual([[['a']], [['b']]])
  })

  test('while it is being asked waits for the next call', async () => {
    const asked: (readonly string[])[] = []
    const gather: Gather<string, string> = new Gather((questions) => {
      asked.push(questions)
      if (questions.includes('a')) void gather.ask(['within'])
      return answers(questions)
    })
    await Promise.all([gather.ask(['a']), gather.ask(['b'])])
    await turn()
    expect(asked).toEqual([['a', 'b'], ['within']])
  })
})

describe('a failure', () => {
  const failing: readonly (readonly [string, AskAll])[] = [
    ['that rejects', () => Promise.reject(new Error('no line'))],
    [
      'that throws, rather than reject',
      () => {
        throw new Error('no line')
      },
    ],
  ]
  test.each(failing)('%s reaches all who asked, and nobody later', async (_, fail) => {
    const askAll = vi.fn<AskAll>(answers).mockImplementationOnce(fail)
    const gather = new Gather(askAll)
    const outcomes = await Promise.allSettled([gather.ask(['a']), gather.ask(['b'])])
    expect(outcomes.map((outcome) => outcome.status === 'rejected' && String(outcome.reason))).toEqual([
      'Error: no line',
      'Error: no line',
    ])
    expect(await gather.ask(['c'])).toEqual(['c!'])
  })

  test('an answer that is no list rejects, and brings nobody down', async () => {
    const unhandled = vi.fn<() => void>()
    process.on('unhandledRejection', unhandled)
    try {
      const gather = new Gather<string, string>(() => Promise.resolve(undefined as unknown as string[]))
      const outcomes = await Promise.allSettled([gather.ask(['a']), gather.ask(['b'])])
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
      await turn()
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })

  test('a list that is too short answers those it reaches', async () => {
    const gather = new Gather<string, string>(() => Promise.resolve(['a!']))
    expect(await Promise.all([gather.ask(['a']), gather.ask(['b'])])).toEqual([['a!'], []])
  })
})

describe('departures', () => {
  test('those of one turn leave together, in order; those of the next by themselves', async () => {
    const travel = vi.fn<(together: readonly string[]) => void>()
    const departures = new Departures(travel)
    departures.depart('a')
    departures.depart('b')
    expect(travel).not.toHaveBeenCalled()
    await turn()
    departures.depart('c')
    await turn()
    expect(travel.mock.calls).toEqual([[['a', 'b']], [['c']]])
  })

  test('one that comes while the others leave takes the next', async () => {
    const trips: (readonly string[])[] = []
    const departures: Departures<string> = new Departures((together) => {
      trips.push(together)
      if (trips.length === 1) departures.depart('late')
    })
    departures.depart('a')
    await turn()
    expect(trips).toEqual([['a'], ['late']])
  })
})
