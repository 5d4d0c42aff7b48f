import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createCache, keys, memory } from 'tiercel'
import { sqlite } from 'tiercel/sqlite'
import { memoryScene, scene } from './scene.ts'

describe('keys made from arguments', () => {
  const apart: readonly (readonly [string, readonly unknown[], readonly unknown[]])[] = [
    ['1 and "1"', [1], ['1']],
    ['null, undefined and nothing', [null], [undefined]],
    ['undefined and nothing', [undefined], []],
    ['a list and its item', [[1]], [1]],
    ['a list and two arguments', [[1, 2]], [1, 2]],
    ['a list and an object like it', [['a']], [{ 0: 'a' }]],
    ['a comma within and between', ['a', 'b'], ['a,b']],
    ['quotes within and around', ['"a"'], ['a']],
    ['true and "true"', [true], ['true']],
    ['0 and -0', [0], [-0]],
    ['1 and 1n', [1], [1n]],
    ['NaN and null', [Number.NaN], [null]],
    ['a date and its number', [new Date(5)], [5]],
    ['a map and a set', [new Map([[1, 2]])], [new Set([[1, 2]])]],
    ['{ a: undefined } and {}', [{ a: undefined }], [{}]],
    ['nesting', [{ a: { b: 1 }, c: 2 }], [{ a: { b: 1, c: 2 } }]],
    ['bytes and text', [Uint8Array.of(97)], ['a']],
    ['a hole and undefined', [[, 1]], [[undefined, 1]]], // oxlint-disable-line no-sparse-arrays
  ]

  test.each(apart)('DEFECTS 21: %s never share an entry', async (_, one, other) => {
    for (const way of [keys.readable, keys.digest]) {
      const { cache } = memoryScene({ keys: way })
      const calls: unknown[] = []
      const memoized = cache.memoize((...parameters: readonly unknown[]) => calls.push(parameters), { name: 'f' })
      const node = cache.node({ name: 'n', load: (params: unknown) => calls.push(params) })
      expect([await memoized(...one), await memoized(...other)]).toEqual([1, 2])
      expect([await node.get(one), await node.get(other)]).toEqual([3, 4])
      expect([await memoized(...one), await node.get(other)]).toEqual([1, 4])
    }
  })

  test('the order of an object’s properties makes no difference', async () => {
    const { cache } = memoryScene()
    const calls: unknown[] = []
    const node = cache.node({ name: 'n', load: (params: { a: number; b: number }) => calls.push(params) })
    expect([await node.get({ a: 1, b: 2 }), await node.get({ b: 2, a: 1 })]).toEqual([1, 1])
  })

  test('DEFECTS 20: of 165,000 digests no two are the same', async () => {
    const local = memory<never>({ maxEntries: 165_000 })
    const cache = createCache({ storages: { local }, keys: keys.digest })
    const user = cache.memoize((id: number) => ({ id }), { name: 'user' })
    for (let id = 0; id < 165_000; id += 1_000) {
      await Promise.all(Array.from({ length: 1_000 }, (_, index) => user.node.set([id + index], { id: id + index })))
    }
    expect(local.size).toBe(165_000)
    for (let id = 0; id < 165_000; id++) {
      if (user.peek(id)?.id !== id) throw new Error(`caller ${id} would get what is somebody else's`)
    }
    const [first = ''] = local.keys()
    // 192 bits, as text of 6 bits a character.
    expect(first.slice('tiercel:user:'.length)).toHaveLength(32)
  }, 30_000)

  test('DEFECTS 21: two anonymous functions share nothing', async () => {
    const { cache } = memoryScene()
    const [double, square] = [[(n: number) => n * 2], [(n: number) => n * n]].map(([call]) => cache.memoize(call!))
    expect([await double!(5), await square!(5), await double!(5)]).toEqual([10, 25, 10])
    const { cache: twoTiers } = scene()
    expect(() => twoTiers.memoize([(n: number) => n][0]!)).toThrow('a name for an anonymous function')
  })

  test('DEFECTS 21: instances of a class share nothing unless told to', async () => {
    const { cache } = memoryScene()
    let calls = 0
    class Prices {
      readonly market: string
      constructor(market: string) {
        this.market = market
      }
      @cache.memoized()
      async own(symbol: string): Promise<string> {
        calls++
        return `${this.market} ${symbol}`
      }
      @cache.memoized({ self: 'class' })
      async shared(symbol: string): Promise<string> {
        calls++
        return `${this.market} ${symbol}`
      }
    }
    const [one, other] = [new Prices('one'), new Prices('other')]
    expect([await one.own('A'), await other.own('A'), await one.own('A')]).toEqual(['one A', 'other A', 'one A'])
    expect(calls).toBe(2)
    expect([await one.shared('A'), await other.shared('A')]).toEqual(['one A', 'one A'])
  })

  test('what can’t be told apart in another process is refused, and says what to do', async () => {
    const { cache } = memoryScene()
    class Money {}
    const node = cache.node<unknown, number>({ name: 'n', load: () => 1 })
    for (const params of [() => 1, Symbol('local'), new Money(), { deep: [new Money()] }]) {
      await expect(node.get(params)).rejects.toMatchObject({
        code: 'UNKEYABLE',
        message: expect.stringContaining('give a `key`') as string,
      })
    }
  })

  test('DEFECTS 22: are the same in every process', async () => {
    const { cache, server, clock } = scene({ prefix: 'shop' })
    const quote = cache.memoize((symbol: string, terms: { days: number }) => `${symbol} ${terms.days}`, {
      name: 'quote',
      version: 'v2',
    })
    const calling = quote('AAPL', { days: 3 })
    await clock.advance(0)
    await calling
    await cache.idle()
    expect((await server.getMany(['shop:quote:"AAPL",{days%3A3}:@v2']))[0]).toBeDefined()
  })
})

describe('full keys', () => {
  test('DEFECTS 23: no name, key or version forges another', async () => {
    const { cache, local } = memoryScene()
    const terms = { key: (id: string) => id, load: (id: string) => id }
    const nodes = [
      cache.node({ ...terms, name: 'a' }),
      cache.node({ ...terms, name: 'a:b' }),
      cache.node({ ...terms, name: 'a%3Ab' }),
      cache.node({ ...terms, name: '=a' }),
      cache.node({ ...terms, name: 'v', version: '1' }),
      cache.node({ ...terms, name: 'v:@1' }),
    ]
    const ids = ['c', 'b:c', 'b>c', 'b%3Ac', '@1', 'c:@1', ':c', 'c:', '=', '%*c', '', ' ']
    for (const node of nodes) expect(await node.getMany(ids)).toEqual(ids)
    for (const id of ids.filter((id) => id !== '')) await cache.set(id, 'plain')
    expect(local.size).toBe(nodes.length * ids.length + ids.length - 1)
  })

  test('changing the version of a node abandons its entries', async () => {
    const the = scene()
    const { clock } = the
    const terms = { name: 'n', key: (id: string) => id }
    const old = the.cache.node({ ...terms, version: 'v1', load: () => 'old' })
    const young = the.another().cache.node({ ...terms, version: 'v2', load: () => 'young' })
    const calls = [old.get('a'), young.get('a')]
    await clock.advance(0)
    expect(await Promise.all(calls)).toEqual(['old', 'young'])
    await young.invalidate('a')
    const again = the
      .another()
      .cache.node({ ...terms, version: 'v1', load: () => 'older' })
      .get('a')
    await clock.advance(0)
    expect(await again).toBe('old')
  })

  test.each(['two tiers', 'memory'])(
    'keys() lists those of this node and this version, as they were given: %s',
    async (where) => {
      const the = scene()
      const { cache, clock } = where === 'memory' ? memoryScene() : the
      const terms = { key: (id: string) => id, load: (id: string) => id }
      const node = cache.node({ ...terms, name: 'n', version: 'v1' })
      const others = [cache.node({ ...terms, name: 'nn', version: 'v1' }), cache.node({ ...terms, name: 'n:v1' })]
      const ids = ['a', 'b:c', 'ü', '']
      const reading = Promise.all([node.getMany(ids), ...others.map((other) => other.get('x')), cache.set('y', 1)])
      await clock.advance(0)
      await reading
      await cache.idle()
      const listed: string[] = []
      for await (const key of node.keys()) listed.push(key)
      expect(listed.sort()).toEqual(ids.sort())
    },
  )

  test('keys() of a node without a version lists none of those with one', async () => {
    const the = scene()
    const { clock } = the
    const terms = { name: 'n', key: (id: string) => id, load: (id: string) => id }
    const plain = the.cache.node(terms)
    const calls = [
      plain.get('a'),
      the
        .another()
        .cache.node({ ...terms, version: 'v1' })
        .get('b'),
    ]
    await clock.advance(0)
    await Promise.all(calls)
    const listed: string[] = []
    for await (const key of plain.keys()) listed.push(key)
    expect(listed).toEqual(['a'])
  })
})

const awkward = {
  'of 10,000 characters': 'x'.repeat(10_000),
  'of 10,000 others': `${'x'.repeat(9_999)}y`,
  'of long words': 'ü€😀'.repeat(3_000),
  'with emoji': '🦅 tiercel 🐦',
  'with NUL': 'a\0b',
  'with newlines': 'a\r\nb\tc',
  'with separators': 'a:b/c>d|e,f%3A%00',
  'with spaces around': '  a  ',
  'with quotes': `'"\`;-- DROP TABLE tiercel`,
  'with wildcards': '%_*?[a-z]',
  'with half an emoji': 'a\ud83e',
  'of nothing': '',
  'in another form': 'e\u0301 é',
}

test('keys of any kind work, over memory and SQLite, and outlive the process', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-features-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const open = () => {
    const cache = createCache({ storages: { local: memory(), disk: sqlite({ path: join(folder, 'cache.db') }) } })
    let loads = 0
    const load = (id: string): string => (loads++, id)
    const node = cache.node({ name: 'n', key: (id: string) => id, load, ttl: null })
    return {
      cache,
      node,
      loads: () => loads,
      memoized: cache.memoize((id: string) => load(id), { name: 'm', ttl: null }),
    }
  }
  const ids = Object.values(awkward)
  const first = open()
  expect(await first.node.getMany(ids)).toEqual(ids)
  for (const id of ids) expect(await first.memoized(id)).toBe(id)
  expect(first.loads()).toBe(2 * ids.length)
  await first.cache.close()

  await using second = open().cache
  const { node, loads, memoized } = open()
  await second.open()
  expect(await node.getMany(ids)).toEqual(ids)
  for (const id of ids) expect(await memoized(id)).toBe(id)
  expect(loads()).toBe(0)
  for (const id of ids) expect(await node.invalidate(id)).toMatchObject({ existed: true })
  for (const id of ids) expect(await node.has(id)).toBe(false)
  expect(await memoized(ids[0]!)).toBe(ids[0])
})
