import { describe, expect, test, vi } from 'vitest'
import { createCache, memory } from 'tiercel'
import { simpleStorage } from 'tiercel/testing'
import { listed } from './listed.ts'
import { refusalOf } from '../kernel/refusal.ts'

type Source = (...parameters: readonly unknown[]) => string

function sourceOf(): ReturnType<typeof vi.fn<Source>> {
  let calls = 0
  return vi.fn<Source>((...parameters) => `${parameters.join(' ')} ${++calls}`.trim())
}

describe('a memoized method', () => {
  test('bare, is called once for the same arguments, on its own instance', async () => {
    const cache = createCache()
    class Prices {
      factor = 2
      calls = 0
      @cache.memoized
      async average(a: number, b: number): Promise<number> {
        this.calls++
        return (this.factor * (a + b)) / 2
      }
    }
    const prices = new Prices()
    expect([await prices.average(1, 3), await prices.average(1, 3), await prices.average(1, 5)]).toEqual([4, 4, 6])
    expect(prices.calls).toBe(2)
    expect([...cache.nodes().keys()]).toEqual(['Prices.average'])
  })

  test('called without options, does the same', async () => {
    const cache = createCache()
    const source = sourceOf()
    class Prices {
      @cache.memoized()
      async average(a: number): Promise<string> {
        return source(a)
      }
    }
    const prices = new Prices()
    expect([await prices.average(1), await prices.average(1)]).toEqual(['1 1', '1 1'])
  })

  test('keeps its name', () => {
    const cache = createCache()
    class Prices {
      @cache.memoized
      async average(): Promise<number> {
        return 1
      }
    }
    expect(new Prices().average.name).toBe('average')
    expect(Object.getOwnPropertyDescriptor(Prices.prototype, 'average')?.enumerable).toBe(false)
  })

  test('DEFECTS 21: two instances never share entries', async () => {
    const cache = createCache()
    class Prices {
      readonly market: string
      constructor(market: string) {
        this.market = market
      }
      @cache.memoized
      async open(day: number): Promise<string> {
        return `${this.market} ${day}`
      }
    }
    const [paris, tokyo] = [new Prices('paris'), new Prices('tokyo')]
    expect([await paris.open(1), await tokyo.open(1), await paris.open(1)]).toEqual(['paris 1', 'tokyo 1', 'paris 1'])
    await cache.call(paris, 'open').invalidate(1)
    expect([cache.call(paris, 'open').peek(1), cache.call(tokyo, 'open').peek(1)]).toEqual([undefined, 'tokyo 1'])
  })

  test('can be static', async () => {
    const cache = createCache()
    const source = sourceOf()
    class Prices {
      @cache.memoized
      static async average(a: number): Promise<string> {
        return source(a)
      }
    }
    expect([await Prices.average(1), await Prices.average(1)]).toEqual(['1 1', '1 1'])
    expect([...cache.nodes().keys()]).toEqual(['Prices.average'])
    expect(await cache.call(Prices, 'average').invalidate(1)).toMatchObject({ existed: true })
  })

  test('is known as soon as its class is used, or at once if it has a name', () => {
    const cache = createCache()
    class Prices {
      @cache.memoized
      async average(): Promise<number> {
        return 1
      }
      @cache.memoized({ name: 'sum of prices' })
      async sum(): Promise<number> {
        return 2
      }
    }
    expect([...cache.nodes().keys()]).toEqual(['sum of prices'])
    use(new Prices())
    use(new Prices())
    expect([...cache.nodes().keys()]).toEqual(['sum of prices', 'Prices.average'])
  })

  test('takes the terms of a node, and a key that knows its instance', async () => {
    const cache = createCache()
    const source = sourceOf()
    class Users {
      locale = 'en'
      @cache.memoized({
        ttl: '1m',
        key(this: Users, user: { id: number }) {
          return `${user.id}/${this.locale}`
        },
      })
      async greeting(user: { id: number }): Promise<string> {
        return source(this.locale, user.id)
      }
    }
    const users = new Users()
    expect([await users.greeting({ id: 1 }), await users.greeting({ id: 1 })]).toEqual(['en 1 1', 'en 1 1'])
    users.locale = 'de'
    expect(await users.greeting({ id: 1 })).toBe('de 1 2')
  })
})

describe('in a class that extends another', () => {
  test('the method belongs to the class that has it', async () => {
    const cache = createCache()
    class Prices {
      @cache.memoized
      async average(a: number): Promise<string> {
        return `${this.constructor.name} ${a}`
      }
    }
    class Futures extends Prices {}
    const [futures, prices] = [new Futures(), new Prices()]
    expect([await futures.average(1), await prices.average(1)]).toEqual(['Futures 1', 'Prices 1'])
    expect([...cache.nodes().keys()]).toEqual(['Prices.average'])
  })

  test('one that overrides it has a node of its own, and can call the other', async () => {
    const cache = createCache()
    class Prices {
      @cache.memoized
      async average(a: number): Promise<string> {
        return `price ${a}`
      }
    }
    class Futures extends Prices {
      @cache.memoized
      override async average(a: number): Promise<string> {
        return `future ${await super.average(a)}`
      }
    }
    const futures = new Futures()
    expect([await futures.average(1), await futures.average(1)]).toEqual(['future price 1', 'future price 1'])
    expect([...cache.nodes().keys()].sort()).toEqual(['Futures.average', 'Prices.average'])
    expect([...cache.nodes().values()].map((node) => node.stats().loadCount)).toEqual([1, 1])
  })
})

describe('self', () => {
  test("'class': all instances share", async () => {
    const cache = createCache()
    const source = sourceOf()
    class Prices {
      @cache.memoized({ self: 'class' })
      async average(a: number): Promise<string> {
        return source(a)
      }
    }
    expect([await new Prices().average(1), await new Prices().average(1)]).toEqual(['1 1', '1 1'])
    expect(await listed(cache.nodes().get('Prices.average')!.keys())).toEqual(['1'])
  })

  test('a function: those it gives the same name share', async () => {
    const cache = createCache()
    const source = sourceOf()
    class Shop {
      readonly id: string
      constructor(id: string) {
        this.id = id
      }
      @cache.memoized({ self: (shop: Shop) => shop.id })
      async stock(item: string): Promise<string> {
        return source(this.id, item)
      }
    }
    expect(await new Shop('a').stock('x')).toBe('a x 1')
    expect(await new Shop('a').stock('x')).toBe('a x 1')
    expect(await new Shop('b').stock('x')).toBe('b x 2')
  })

  test('a name can’t forge another’s, whatever the arguments', async () => {
    const cache = createCache()
    const source = sourceOf()
    class Shop {
      readonly id: string
      constructor(id: string) {
        this.id = id
      }
      @cache.memoized({ self: (shop: Shop) => shop.id, key: (...items: string[]) => items.join() })
      async stock(...items: string[]): Promise<string> {
        return source(this.id, ...items)
      }
    }
    await new Shop('a').stock('x')
    await new Shop('a",x').stock()
    await new Shop('a","x').stock('')
    await new Shop('').stock('a', 'x')
    await new Shop('a,x').stock()
    await new Shop('a').stock('x', '')
    expect(source).toHaveBeenCalledTimes(6)
  })

  test('of instances is kept in memory only, whatever else there is', async () => {
    const cache = createCache({ storages: { local: memory(), shared: simpleStorage() } })
    class Prices {
      @cache.memoized
      async own(): Promise<number> {
        return 1
      }
      @cache.memoized({ self: 'class' })
      async everybodys(): Promise<number> {
        return 2
      }
    }
    use(new Prices())
    const tiersOf = (name: string): readonly string[] | undefined =>
      cache
        .nodes()
        .get(name)
        ?.stats()
        .tiers.map((tier) => tier.name)
    expect([tiersOf('Prices.own'), tiersOf('Prices.everybodys')]).toEqual([['local'], ['local', 'shared']])
  })

  test('of instances is refused where there is no memory, or another tier is asked for', () => {
    const remote = createCache({ storages: { shared: simpleStorage() } })
    const both = createCache({ storages: { local: memory(), shared: simpleStorage() } })
    const define = [
      () => decorate(remote.memoized({ name: 'own' })),
      () => decorate(both.memoized({ name: 'own', tiers: [{ storage: 'local' }, { storage: 'shared' }] })),
    ]
    for (const call of define) {
      const refused = refusalOf(call)
      expect(refused.code).toBe('INVALID_OPTION')
      expect(refused.message).toMatch(
        /^@memoized 'own': entries of an instance can only be kept in memory: name a memory tier, or say/,
      )
    }
    expect(() => decorate(both.memoized({ name: 'own', tiers: [{ storage: 'local' }] }))).not.toThrow()
  })

  test('that is something else is refused', () => {
    const refused = refusalOf(() => decorate(createCache().memoized({ name: 'own', self: 'everybody' as 'class' })))
    expect([refused.code, refused.message]).toEqual([
      'INVALID_OPTION',
      "@memoized: self: expected 'instance', 'class' or a function, got \"everybody\"",
    ])
  })
})

describe('cache.call', () => {
  test('reaches the entries of one instance', async () => {
    const cache = createCache()
    const source = sourceOf()
    class Prices {
      @cache.memoized({ staleWhileRevalidate: '1m' })
      async average(a: number): Promise<string> {
        return source(a)
      }
    }
    const prices = new Prices()
    const average = cache.call(prices, 'average')
    expect([average.peek(1), await average.has(1), (await average.invalidate(1)).existed]).toEqual([
      undefined,
      false,
      false,
    ])
    expect([await prices.average(1), average.peek(1), await average.has(1)]).toEqual(['1 1', '1 1', true])
    expect([await average.refresh(1), await prices.average(1)]).toEqual(['1 2', '1 2'])
    expect([(await average.invalidate(1)).existed, await prices.average(1)]).toEqual([true, '1 3'])
    await average.expire(1)
    expect(await prices.average(1)).toBe('1 3')
    await cache.idle()
    expect(await prices.average(1)).toBe('1 4')
  })

  test('of a method that isn’t memoized is refused', () => {
    class Prices {
      async average(): Promise<number> {
        return 1
      }
    }
    const cache = createCache()
    for (const method of ['average', 'toString', 'nothing']) {
      const refused = refusalOf(() => cache.call(new Prices(), method as 'average'))
      expect([refused.code, refused.message]).toEqual([
        'INVALID_OPTION',
        `cache.call: expected a memoized method, got '${method}': decorate it with @cache.memoized`,
      ])
    }
  })
})

test('with enabled: false a method is called each time, on its instance', async () => {
  const cache = createCache({ enabled: false })
  class Prices {
    calls = 0
    @cache.memoized
    async average(): Promise<number> {
      return ++this.calls
    }
  }
  const prices = new Prices()
  expect([await prices.average(), await prices.average()]).toEqual([1, 2])
})

/** A class whose method has this decorator. */
function decorate(
  memoized: (method: () => Promise<number>, context: ClassMethodDecoratorContext) => () => Promise<number>,
): void {
  class Decorated {
    @memoized
    async method(): Promise<number> {
      return 1
    }
  }
  use(new Decorated())
}

/** A class is used when it has an instance. */
function use(instance: object): void {
  expect(instance).toBeInstanceOf(Object)
}
