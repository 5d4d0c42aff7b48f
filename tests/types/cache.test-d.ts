import { assertType, describe, expectTypeOf, test } from 'vitest'
import {
  type CacheNode,
  type CacheStats,
  type Change,
  createCache,
  type Duration,
  keys,
  memory,
  type MemoizedFunction,
  type NodeStats,
  type Removal,
} from 'tiercel'
import { sqlite } from 'tiercel/sqlite'

interface User {
  readonly id: number
  readonly name: string
}

declare function findUser(id: number, locale?: string): Promise<User>
declare const user: User

const cache = createCache({ storages: { local: memory(), shared: sqlite({ path: 'cache.sqlite' }) } })

describe('entries without a node', () => {
  test('are of the type the caller names, and otherwise unknown', () => {
    expectTypeOf(cache.get<User>('k')).toEqualTypeOf<Promise<User | undefined>>()
    expectTypeOf(cache.get('k')).toEqualTypeOf<Promise<unknown>>()
    expectTypeOf(cache.delete('k')).toEqualTypeOf<Promise<Removal>>()
    expectTypeOf(cache.set('k', 1)).toEqualTypeOf<Promise<Change>>()
    expectTypeOf(cache.get('k', { after: ['a', 'b'] })).toEqualTypeOf<Promise<unknown>>()
    // @ts-expect-error a token is a text
    void cache.get('k', { after: 1 })
    expectTypeOf(cache.has('k')).toEqualTypeOf<Promise<boolean>>()
    // @ts-expect-error a key is a text
    void cache.get(7)
  })

  test('are of the type of their load', () => {
    expectTypeOf(cache.getOrLoad('k', () => findUser(1))).toEqualTypeOf<Promise<User>>()
    expectTypeOf(cache.getOrLoad('k', () => 7)).toEqualTypeOf<Promise<number>>()
    expectTypeOf(
      cache.getOrLoad('k', () => findUser(1), { ttl: (_, value) => (value.id > 0 ? '1m' : null) }),
    ).toEqualTypeOf<Promise<User>>()
    void cache.getOrLoad('k', ({ signal }) => {
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
      return user
    })
  })
})

describe('a memoized function', () => {
  const memoized = cache.memoize(findUser, { ttl: '5s', key: (id, locale) => `${id}/${locale ?? 'en'}` })

  test('takes what the function takes, and answers what it answers', () => {
    expectTypeOf(memoized).toEqualTypeOf<MemoizedFunction<Parameters<typeof findUser>, User>>()
    expectTypeOf(memoized(1)).toEqualTypeOf<Promise<User>>()
    expectTypeOf(memoized(1, 'en')).toEqualTypeOf<Promise<User>>()
    // @ts-expect-error an argument of another type
    void memoized('1')
    // @ts-expect-error an argument too few
    void memoized()
    // @ts-expect-error an argument too many
    void memoized(1, 'en', true)
  })

  test('of a function that answers at once, promises', () => {
    expectTypeOf(cache.memoize((text: string) => text.length)('abc')).toEqualTypeOf<Promise<number>>()
  })

  test('can be asked and changed by its arguments', () => {
    expectTypeOf(memoized.peek(1)).toEqualTypeOf<User | undefined>()
    expectTypeOf(memoized.invalidate(1, 'en')).toEqualTypeOf<Promise<Removal>>()
    expectTypeOf(memoized.node).toEqualTypeOf<CacheNode<Parameters<typeof findUser>, User>>()
    expectTypeOf(memoized.stats()).toEqualTypeOf<NodeStats>()
    // @ts-expect-error an argument of another type
    void memoized.refresh('1')
  })

  test('its key is typed by the arguments', () => {
    cache.memoize(findUser, {
      key: (id, locale) => {
        expectTypeOf(id).toBeNumber()
        expectTypeOf(locale).toEqualTypeOf<string | undefined>()
        return id
      },
    })
    // @ts-expect-error another argument
    cache.memoize(findUser, { key: (id: string) => id })
    // @ts-expect-error a key is a text or a number
    cache.memoize(findUser, { key: () => null })
  })

  test('its ttl is typed by the arguments and the value', () => {
    cache.memoize(findUser, {
      ttl: ([id, locale], value) => {
        expectTypeOf(id).toBeNumber()
        expectTypeOf(locale).toEqualTypeOf<string | undefined>()
        expectTypeOf(value).toEqualTypeOf<User>()
        return '1m'
      },
    })
  })
})

describe('a memoized method', () => {
  class Users {
    locale = 'en'

    @cache.memoized
    async find(id: number, locale?: string): Promise<User> {
      return findUser(id, locale)
    }

    @cache.memoized()
    async called(id: number): Promise<User> {
      return findUser(id)
    }

    @cache.memoized({ ttl: '1m', self: 'class', tiers: [{ storage: 'shared' }] })
    async everybodys(id: number): Promise<User> {
      return findUser(id)
    }

    @cache.memoized({ key: (id: number) => id })
    async byId(id: number, locale: string): Promise<User> {
      return findUser(id, locale)
    }

    @cache.memoized({ self: (users: Users) => users.locale })
    async inLocale(id: number): Promise<User> {
      return findUser(id, this.locale)
    }

    @cache.memoized
    static async count(): Promise<number> {
      return 7
    }

    // @ts-expect-error the key takes another argument
    @cache.memoized({ key: (id: string) => id })
    async wrongKey(id: number): Promise<User> {
      return findUser(id)
    }

    // @ts-expect-error the self is of another class
    @cache.memoized({ self: (date: Date) => date.getTime() })
    async wrongSelf(id: number): Promise<User> {
      return findUser(id)
    }

    // @ts-expect-error a method that answers at once would no longer do so
    @cache.memoized
    atOnce(id: number): number {
      return id
    }

    // @ts-expect-error a method that answers at once would no longer do so
    @cache.memoized({ ttl: '1m' })
    atOnceWithOptions(id: number): number {
      return id
    }

    // @ts-expect-error no unit of time
    @cache.memoized({ ttl: '5 parsecs' })
    async wrongTtl(id: number): Promise<User> {
      return findUser(id)
    }

    // @ts-expect-error no such storage
    @cache.memoized({ tiers: [{ storage: 'redis' }] })
    async wrongTier(id: number): Promise<User> {
      return findUser(id)
    }

    // @ts-expect-error only methods
    @cache.memoized
    field = 7

    // @ts-expect-error nobody's
    @cache.memoized({ self: 'everybody' })
    async wrongWord(id: number): Promise<User> {
      return findUser(id)
    }
  }
  const users = new Users()

  test('keeps its type', () => {
    expectTypeOf(users.find).toEqualTypeOf<(id: number, locale?: string) => Promise<User>>()
    expectTypeOf(users.called).toEqualTypeOf<(id: number) => Promise<User>>()
    expectTypeOf(users.everybodys).toEqualTypeOf<(id: number) => Promise<User>>()
    expectTypeOf(users.byId).toEqualTypeOf<(id: number, locale: string) => Promise<User>>()
    expectTypeOf(users.inLocale).toEqualTypeOf<(id: number) => Promise<User>>()
    expectTypeOf(Users.count).toEqualTypeOf<() => Promise<number>>()
  })

  test('cache.call takes its arguments', () => {
    const find = cache.call(users, 'find')
    expectTypeOf(find.peek(1, 'en')).toEqualTypeOf<User | undefined>()
    expectTypeOf(find.refresh(1)).toEqualTypeOf<Promise<User>>()
    expectTypeOf(find.invalidate(1)).toEqualTypeOf<Promise<Removal>>()
    expectTypeOf(cache.call(Users, 'count').refresh()).toEqualTypeOf<Promise<number>>()
    // @ts-expect-error an argument of another type
    void find.invalidate('1')
    // @ts-expect-error an argument too few
    void find.invalidate()
    // @ts-expect-error no such method
    cache.call(users, 'search')
    // No method, and none that was memoized: it answers at once.
    expectTypeOf(cache.call(users, 'locale')).toBeNever()
    expectTypeOf(cache.call(users, 'atOnce')).toBeNever()
  })
})

describe('on()', () => {
  test('gives each event what comes with it', () => {
    const off = cache.on('hit', (event) => {
      expectTypeOf(event).toEqualTypeOf<{
        readonly node: string
        readonly key: string
        readonly tier: string
        readonly stale: boolean
      }>()
    })
    expectTypeOf(off).toEqualTypeOf<() => void>()
    cache.on('loadFailure', ({ error, duration }) => {
      expectTypeOf(error).toBeUnknown()
      expectTypeOf(duration).toBeNumber()
    })
    cache.on('writeRefused', ({ reason }) => expectTypeOf(reason).toEqualTypeOf<'fence' | 'lease' | 'tag'>())
    // @ts-expect-error no such event
    cache.on('hits', () => {})
    // @ts-expect-error nothing of the kind comes with it
    cache.on('miss', (event) => void event.tier)
  })
})

test('statistics are numbers by name', () => {
  expectTypeOf(cache.stats()).toEqualTypeOf<CacheStats>()
  expectTypeOf(cache.stats().nodes['user']?.hitRate).toEqualTypeOf<number | undefined>()
})

test('a duration is a number, or a number with a unit', () => {
  assertType<Duration>(250)
  assertType<Duration>('250ms')
  assertType<Duration>('1.5h')
  assertType<Duration>(Infinity)
  // @ts-expect-error no unit of time
  assertType<Duration>('5 parsecs')
  // @ts-expect-error no unit
  assertType<Duration>('5')
  // @ts-expect-error months differ
  assertType<Duration>('5mo')
})

test('keys can be made by a function of one’s own', () => {
  createCache({ keys: keys.digest })
  createCache({ keys: (parameters) => JSON.stringify(parameters) })
  // @ts-expect-error a key is a text
  createCache({ keys: (parameters) => parameters.length })
})

test('a cache can be used up', async () => {
  await using mine = createCache()
  expectTypeOf(mine.close({ within: '1s' })).toEqualTypeOf<Promise<void>>()
  // @ts-expect-error no length of time
  void mine.close({ within: 'soon' })
})
