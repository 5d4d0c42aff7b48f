import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escape, type KeySpace, keySpace, plainNode, prefixHead, unescape } from '../../src/kernel/keys.ts'
import { awkwardName, awkwardText } from './awkward-text.ts'
import { refusalOf } from './refusal.ts'

const roomy = 100_000

describe('a key is readable', () => {
  const of = (node: string, key: string | number, version?: string): string =>
    keySpace({ prefix: 'shop', node, version }, roomy).full(key)

  test.each([
    [of('user', 7), 'shop:user:7'],
    [of('user', '7'), 'shop:user:7'],
    [of('user', 7, 'v1'), 'shop:user:7:@v1'],
    [of('user', 7, ''), 'shop:user:7:@'],
    [of(plainNode, 'rates'), 'shop:=:rates'],
    [of('user', ''), 'shop:user:'],
    [of('user', 'a/b?c=d&e=[1,2]'), 'shop:user:a/b?c=d&e=[1,2]'],
    [of('user', '@v1 #x ~y'), 'shop:user:@v1%20#x%20~y'],
    [of('user', 'müller 漢字 💥'), 'shop:user:müller%20漢字%20💥'],
    [of('user', 'a:b'), 'shop:user:a%3Ab'],
    [of('user', '100%'), 'shop:user:100%25'],
    [of('user', 'a\n\0\x7f'), 'shop:user:a%0A%00%7F'],
    [of('user', '\ud83d!'), 'shop:user:%uD83D!'],
    [of('@user', 7), 'shop:%40user:7'],
    [of('=user', 7), 'shop:%3Duser:7'],
    [of('user=', 7), 'shop:user=:7'],
    [keySpace({ prefix: '!a b:c', node: 'user' }, roomy).full(7), 'shop:user:7'.replace('shop', '%21a%20b%3Ac')],
  ])('%s', (full, expected) => {
    expect(full).toBe(expected)
  })
})

describe('no value can forge another', () => {
  test('DEFECTS 23: a plain key, a key of a node, a version and a name with a separator never meet', () => {
    const all = [
      keySpace({ prefix: 'p', node: plainNode }, roomy).full('a'),
      keySpace({ prefix: 'p', node: '%3D' }, roomy).full('a'),
      keySpace({ prefix: 'p', node: 'n' }, roomy).full('a'),
      keySpace({ prefix: 'p', node: 'n', version: 'v' }, roomy).full('a'),
      keySpace({ prefix: 'p', node: 'n' }, roomy).full('a:@v'),
      keySpace({ prefix: 'p', node: 'n:a' }, roomy).full('@v'),
      keySpace({ prefix: 'p:n', node: 'a' }, roomy).full('@v'),
      keySpace({ prefix: 'p', node: 'n' }, roomy).full('a>b>c'),
      keySpace({ prefix: 'p', node: 'n' }, roomy).full('a>b>d'),
      keySpace({ prefix: 'p', node: '#n' }, roomy).full('a'),
      keySpace({ prefix: 'p', node: 'n' }, roomy).full('#a'),
    ]
    expect(new Set(all).size).toBe(all.length)
  })

  test('what begins with a sigil is nobody’s name', () => {
    for (const sigil of ['=', '@', '~', '#', '!']) {
      expect(keySpace({ prefix: `${sigil}p`, node: `${sigil}n` }, roomy).head).not.toMatch(/(^|:)[=@~#!]/)
    }
  })

  const names = fc.record({
    prefix: awkwardName,
    node: fc.oneof({ weight: 5, arbitrary: awkwardName }, { weight: 1, arbitrary: fc.constant(plainNode) }),
    version: fc.option(awkwardText, { nil: undefined }),
    key: awkwardText,
  })
  type Names = typeof names extends fc.Arbitrary<infer Value> ? Value : never
  // Tuples that differ in one place, by little, are the ones that meet if any do.
  const near = fc
    .tuple(names, names, fc.constantFrom('prefix', 'node', 'version', 'key', 'all'))
    .map(([a, b, what]) => {
      const other: Names = what === 'all' ? b : { ...a, [what]: b[what] }
      return [a, other] as const
    })
  const same = (a: Names, b: Names): boolean =>
    a.prefix === b.prefix && a.node === b.node && a.version === b.version && a.key === b.key

  test.each([
    ['readable', roomy],
    ['within 250 bytes', 250],
    ['mostly digested', 80],
  ])('two places never share a key, as text or as bytes: %s', (_, limit) => {
    fc.assert(
      fc.property(near, ([a, b]) => {
        fc.pre(!same(a, b) && fits(a, limit) && fits(b, limit))
        const [one, other] = [keySpace(a, limit).full(a.key), keySpace(b, limit).full(b.key)]
        expect(one).not.toBe(other)
        expect(Buffer.from(one).equals(Buffer.from(other))).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })

  test('shifting text from one part to the next makes another key', () => {
    fc.assert(
      fc.property(awkwardName, awkwardName, awkwardName, (a, b, c) => {
        const keys = [
          keySpace({ prefix: a + b, node: c }, roomy).full('k'),
          keySpace({ prefix: a, node: b + c }, roomy).full('k'),
          keySpace({ prefix: a, node: b }, roomy).full(`${c}k`),
          keySpace({ prefix: a, node: b, version: 'k' }, roomy).full(c),
          keySpace({ prefix: a, node: b }, roomy).full(`${c}:@k`),
        ]
        expect(new Set(keys).size).toBe(keys.length)
      }),
    )
  })

  test('every part survives', () => {
    fc.assert(
      fc.property(names, ({ prefix, node, version, key }) => {
        const parts = keySpace({ prefix, node, version }, roomy).full(key).split(':')
        const read = parts.map(unescape)
        expect(read).toEqual([prefix, node, key, ...(version === undefined ? [] : [`@${version}`])])
      }),
    )
  })

  function fits(place: Names, limit: number): boolean {
    try {
      keySpace(place, limit)
      return true
    } catch {
      return false
    }
  }
})

describe('escaping', () => {
  test('comes back as it was', () => {
    fc.assert(fc.property(awkwardText, (text) => unescape(escape(text)) === text))
  })

  test('leaves no separator, white space, control character or lone surrogate', () => {
    fc.assert(
      fc.property(awkwardText, (text) => {
        expect(escape(text)).not.toMatch(/[:\0-\x20\x7f]/)
        expect(escape(text)).not.toMatch(/\p{Cs}/u)
      }),
    )
  })

  test('is UTF-8 and back', () => {
    fc.assert(fc.property(awkwardText, (text) => Buffer.from(escape(text)).toString() === escape(text)))
  })
})

describe('a limit', () => {
  const limit = 120
  const space = keySpace({ prefix: 'shop', node: 'user', version: 'v1' }, limit)

  test('a key of just that many bytes is whole; one more byte makes it a digest', () => {
    const room = limit - Buffer.byteLength('shop:user::@v1')
    expect(space.full('x'.repeat(room))).toBe(`shop:user:${'x'.repeat(room)}:@v1`)
    expect(space.full('x'.repeat(room + 1))).toMatch(/^shop:user:x+%\*[\w-]{32}$/)
  })

  test('counts bytes, not characters', () => {
    const room = limit - Buffer.byteLength('shop:user::@v1')
    expect(space.full('漢'.repeat(Math.floor(room / 3)))).not.toContain('%*')
    expect(space.full('漢'.repeat(Math.floor(room / 3) + 1))).toContain('%*')
  })

  test.each(['x', '漢', '💥', ' ', '\ud83d'])('10,000 times %j fits, and the end still counts', (character) => {
    const text = character.repeat(10_000)
    const keys = [space.full(text), space.full(`${text}a`), space.full(`${text}b`)]
    for (const key of keys) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(limit)
    expect(new Set(keys).size).toBe(3)
  })

  test('is never passed, whatever the key', () => {
    const long = fc.array(awkwardText, { maxLength: 40 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(long, fc.integer({ min: 60, max: 300 }), (key, bytes) => {
        const full = keySpace({ prefix: 'shop', node: 'user', version: '漢' }, bytes).full(key)
        expect(Buffer.byteLength(full)).toBeLessThanOrEqual(bytes)
        expect(full.startsWith('shop:user:')).toBe(true)
        // A character cut in half must not leave half of it behind.
        expect(Buffer.from(full).toString()).toBe(full)
      }),
      { numRuns: 1_000 },
    )
  })

  test('a digest can’t be written by hand', () => {
    const digested = space.full('x'.repeat(500))
    const byHand = digested.slice(space.head.length)
    const room = keySpace({ prefix: 'shop', node: 'user' }, roomy)
    expect(room.full(byHand)).not.toBe(digested)
    expect(room.full(byHand)).toContain('%25*')
  })

  test('DEFECTS 20: 165,000 digested keys are 165,000 keys', () => {
    const long = 'x'.repeat(200)
    const all = new Set<string>()
    for (let user = 0; user < 165_000; user++) all.add(space.full(long + user))
    expect(all.size).toBe(165_000)
  })

  test('DEFECTS 24: a key of 300 bytes, or of 600 characters, fits where 250 bytes are all there is', () => {
    const memcached = keySpace({ prefix: 'shop', node: 'user' }, 250)
    for (const key of ['x'.repeat(300), '漢'.repeat(600)]) {
      expect(Buffer.byteLength(memcached.full(key))).toBeLessThanOrEqual(250)
    }
  })

  test('names that leave no room for a key are refused', () => {
    const error = refusalOf(() => keySpace({ prefix: 'p', node: 'n'.repeat(100) }, 120))
    expect(error.code).toBe('INVALID_OPTION')
    expect(error.message).toMatch(/^node "n+": expected prefix and name short enough for keys of 120 bytes, got "p:n+/)
    expect(() => keySpace({ prefix: 'p', node: 'n'.repeat(120 - 34 - 3) }, 120)).not.toThrow()
    expect(() => keySpace({ prefix: 'p', node: 'n'.repeat(120 - 34 - 2) }, 120)).toThrow()
  })
})

describe('short', () => {
  test('gives back what was given to full', () => {
    fc.assert(
      fc.property(
        awkwardName,
        awkwardName,
        fc.option(awkwardText, { nil: undefined }),
        awkwardText,
        (prefix, node, version, key) => {
          const space = keySpace({ prefix, node, version }, roomy)
          expect(space.short(space.full(key))).toBe(key)
        },
      ),
    )
  })

  test('of a digested key is its readable head and the digest', () => {
    const space = keySpace({ prefix: 'shop', node: 'user' }, 60)
    expect(space.short(space.full('x'.repeat(100)))).toMatch(/^x{16}%\*[\w-]{32}$/)
  })

  test('of another version, node or prefix is nothing', () => {
    const of = (node: string, version?: string): KeySpace => keySpace({ prefix: 'shop', node, version }, roomy)
    const one = of('user', 'v1')
    expect(one.short(of('user', 'v2').full('k'))).toBeUndefined()
    expect(one.short(of('user').full('k'))).toBeUndefined()
    expect(of('user').short(one.full('k'))).toBeUndefined()
    expect(one.short(of('users', 'v1').full('k'))).toBeUndefined()
    expect(one.short('shopping:user:k:@v1')).toBeUndefined()
    // Where it is all tail, and where a version ends like another.
    expect(one.short('shop:user:@v1')).toBeUndefined()
    expect(of('user', '1').short(of('user', '11').full('k'))).toBeUndefined()
  })
})

describe('head', () => {
  test('starts every key of its node, and none of another node or prefix', () => {
    fc.assert(
      fc.property(
        awkwardName,
        awkwardName,
        awkwardName,
        awkwardText,
        fc.boolean(),
        (prefix, node, other, key, ofPrefix) => {
          fc.pre(other !== (ofPrefix ? prefix : node))
          const { head, full } = keySpace({ prefix, node }, roomy)
          const elsewhere = keySpace(ofPrefix ? { prefix: other, node } : { prefix, node: other }, roomy)
          expect(full(key).startsWith(head)).toBe(true)
          expect(elsewhere.full(key).startsWith(head)).toBe(false)
          expect(full(key).startsWith(prefixHead(prefix))).toBe(true)
          expect(elsewhere.full(key).startsWith(prefixHead(prefix))).toBe(!ofPrefix)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('is the same for every version', () => {
    expect(keySpace({ prefix: 'p', node: 'n', version: 'v1' }, 90).head).toBe(
      keySpace({ prefix: 'p', node: 'n' }, 500).head,
    )
  })
})

test('a key that is neither text nor number is refused, or everybody whose key is missing would share one', () => {
  const { full } = keySpace({ prefix: 'p', node: 'n' }, 512)
  for (const key of [undefined, null, {}, true] as unknown as string[]) {
    expect(() => full(key)).toThrow(expect.objectContaining({ code: 'UNKEYABLE' }))
  }
})
