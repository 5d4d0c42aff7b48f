import { expect, test } from 'vitest'
import { memcached, type MemcachedOptions } from 'tiercel/memcached'

const refused: readonly (readonly [string, unknown])[] = [
  ['servers', { servers: [] }],
  ['servers', { servers: ['a', 'A:11211'] }],
  ['servers', { servers: 'redis://localhost' }],
  ['namespace', { namespace: '' }],
  ['namespace', { namespace: 'a b' }],
  ['namespace', { namespace: 'a!' }],
  ['namespace', { namespace: 'x'.repeat(33) }],
  ['poolSize', { poolSize: 0 }],
  ['poolSize', { poolSize: 1.5 }],
  ['login', { login: { user: 'a b', password: 'c' } }],
  ['login', { login: { user: 'a', password: '' } }],
  ['limits.connect', { limits: { connect: 0 } }],
  ['limits.answer', { limits: { answer: 'soon' } }],
]

test.each(refused)('refuses %s in %j', (what, options) => {
  expect(() => memcached(options as MemcachedOptions)).toThrow(
    expect.objectContaining({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(`memcached: ${what}`) as string,
    }),
  )
})
