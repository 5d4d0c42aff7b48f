import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Ordered } from '../../src/flight/ordered.ts'
import { type Deferred, deferred, turn } from './turns.ts'

/** Changes that say when they begin, and end when they are told. */
class Changes {
  readonly begun: string[] = []
  readonly #ends = new Map<string, Deferred<string>>()

  named(name: string): () => Promise<string> {
    const end = deferred<string>()
    this.#ends.set(name, end)
    return () => {
      this.begun.push(name)
      return end.promise
    }
  }

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.resolve(name)
    await turn()
  }

  async fail(name: string): Promise<void> {
    this.#ends.get(name)?.reject(new Error(name))
    await turn()
  }
}

test('a change that need not wait begins at once, and its result comes back', async () => {
  const [ordered, changes] = [new Ordered(), new Changes()]
  const result = ordered.run(['k'], changes.named('a'))
  expect(changes.begun).toEqual(['a'])
  await changes.end('a')
  expect(await result).toBe('a')
})

test('changes of one key run one after the other, in the order they were asked for', async () => {
  const [ordered, changes] = [new Ordered(), new Changes()]
  for (const name of ['a', 'b', 'c']) void ordered.run(['k'], changes.named(name))
  await turn()
  expect(changes.begun).toEqual(['a'])
  await changes.end('a')
  expect(changes.begun).toEqual(['a', 'b'])
  await changes.end('b')
  expect(changes.begun).toEqual(['a', 'b', 'c'])
})

test('a change that ends leaves the line behind it in order', async () => {
  const [ordered, changes] = [new Ordered(), new Changes()]
  void ordered.run(['k'], changes.named('a'))
  void ordered.run(['k'], changes.named('b'))
  await changes.end('a')
  void ordered.run(['k'], changes.named('c'))
  await turn()
  expect(changes.begun).toEqual(['a', 'b'])
  await changes.end('b')
  expect(changes.begun).toEqual(['a', 'b', 'c'])
})

test('changes of different keys run side by side', () => {
  const [ordered, changes] = [new Ordered(), new Changes()]
  void ordered.run(['k'], changes.named('a'))
  void ordered.run(['l'], changes.named('b'))
  expect(changes.begun).toEqual(['a', 'b'])
})

test('a change of several keys waits for all of them, and all of them wait for it', async () => {
  const [ordered, changes] = [new Ordered(), new Changes()]
  void ordered.run(['k'], changes.named('k'))
  void ordered.run(['l'], changes.named('l'))
  void ordered.run(['k', 'l', 'k'], changes.named('both'))
  void ordered.run(['l'], changes.named('after'))
  await changes.end('k')
  expect(changes.begun).toEqual(['k', 'l'])
  await changes.end('l')
  expect(changes.begun).toEqual(['k', 'l', 'both'])
  await changes.end('both')
  expect(changes.begun).toEqual(['k', 'l', 'both', 'after'])
})

describe('a failure', () => {
  test('reaches its caller and blocks nobody', async () => {
    const [ordered, changes] = [new Ordered(), new Changes()]
    const failed = ordered.run(['k'], changes.named('a'))
    const next = ordered.run(['k'], changes.named('b'))
    const alone = ordered.runAlone(changes.named('alone'))
    const caught = expect(failed).rejects.toThrow('a')
    await changes.fail('a')
    await caught
    await changes.end('b')
    expect(await next).toBe('b')
    await changes.end('alone')
    expect(await alone).toBe('alone')
  })

  test('of a change of everything blocks nobody either', async () => {
    const [ordered, changes] = [new Ordered(), new Changes()]
    const failed = expect(ordered.runAlone(changes.named('alone'))).rejects.toThrow('alone')
    void ordered.run(['k'], changes.named('a'))
    await turn()
    await changes.fail('alone')
    await failed
    expect(changes.begun).toEqual(['alone', 'a'])
  })
})

describe('a change of everything', () => {
  test('waits for all that were asked before, and all that come later wait for it', async () => {
    const [ordered, changes] = [new Ordered(), new Changes()]
    void ordered.run(['k'], changes.named('k'))
    void ordered.run(['l'], changes.named('l'))
    void ordered.runAlone(changes.named('alone'))
    void ordered.run(['k'], changes.named('later'))
    void ordered.run(['new'], changes.named('elsewhere'))
    await changes.end('k')
    expect(changes.begun).toEqual(['k', 'l'])
    await changes.end('l')
    expect(changes.begun).toEqual(['k', 'l', 'alone'])
    await changes.end('alone')
    expect(changes.begun).toEqual(['k', 'l', 'alone', 'later', 'elsewhere'])
  })

  test('waits for another one', async () => {
    const [ordered, changes] = [new Ordered(), new Changes()]
    void ordered.runAlone(changes.named('first'))
    void ordered.run(['k'], changes.named('between'))
    void ordered.runAlone(changes.named('second'))
    await turn()
    expect(changes.begun).toEqual(['first'])
    await changes.end('first')
    expect(changes.begun).toEqual(['first', 'between'])
    await changes.end('between')
    expect(changes.begun).toEqual(['first', 'between', 'second'])
  })

  test('leaves nothing behind: what comes after it begins at once', async () => {
    const [ordered, changes] = [new Ordered(), new Changes()]
    void ordered.run(['k'], changes.named('a'))
    void ordered.runAlone(changes.named('alone'))
    await changes.end('a')
    await changes.end('alone')
    void ordered.run(['k'], changes.named('b'))
    // Synchronously: nobody is remembered who would have to be waited for.
    expect(changes.begun).toEqual(['a', 'alone', 'b'])
  })
})

test('however they are mixed, no two changes that touch the same key overlap, and none overtakes', async () => {
  const key = fc.constantFrom('a', 'b', 'c')
  const step = fc.record({
    keys: fc.oneof(
      { weight: 4, arbitrary: fc.array(key, { minLength: 1, maxLength: 2 }) },
      fc.constant('all' as const),
    ),
    turns: fc.nat(3),
    fails: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const ordered = new Ordered()
      const running = new Set<number>()
      const ended: number[] = []
      const meets = (a: number, b: number): boolean => {
        const [one, other] = [steps[a]?.keys ?? [], steps[b]?.keys ?? []]
        return one === 'all' || other === 'all' || one.some((each) => other.includes(each))
      }
      const changes = steps.map(({ keys, turns, fails }, index) => {
        const change = async (): Promise<void> => {
          for (const other of running) expect(meets(index, other)).toBe(false)
          for (let before = 0; before < index; before++) if (meets(before, index)) expect(ended).toContain(before)
          running.add(index)
          for (let waited = 0; waited < turns; waited++) await Promise.resolve()
          running.delete(index)
          ended.push(index)
          if (fails) throw new Error('failed')
        }
        return keys === 'all' ? ordered.runAlone(change) : ordered.run(keys, change)
      })
      const outcomes = await Promise.allSettled(changes)
      expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(steps.map(({ fails }) => fails))
      expect(
        outcomes.filter((outcome) => outcome.status === 'rejected' && String(outcome.reason) !== 'Error: failed'),
      ).toEqual([])
    }),
    { numRuns: 300 },
  )
})
