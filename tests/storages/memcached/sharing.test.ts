import { expect, test } from 'vitest'
import { rendezvous } from '../../../src/storages/memcached/rendezvous.ts'
import { parseAddress } from '../../../src/storages/memcached/server-address.ts'

const names = ['10.0.0.1:11211', '10.0.0.2:11211', '10.0.0.3:11211', '10.0.0.4:11211']
const keys = Array.from({ length: 20_000 }, (_, index) => `shop:user:${index}`)

test('keys are shared out evenly', () => {
  const shareOf = rendezvous(names)
  const shares = names.map(() => 0)
  for (const key of keys) shares[shareOf(key)]!++
  for (const share of shares) expect(Math.abs(share - 5_000)).toBeLessThan(400)
})

test('a server that is added takes its share from the others, and nothing else moves', () => {
  const before = rendezvous(names.slice(0, 3))
  const after = rendezvous(names)
  const moved = keys.filter((key) => before(key) !== after(key))
  expect(moved.every((key) => after(key) === 3)).toBe(true)
  expect(Math.abs(moved.length - 5_000)).toBeLessThan(400)
})

test('the order of the servers does not matter', () => {
  const [here, there] = [rendezvous(names), rendezvous(names.toReversed())]
  expect(keys.filter((key) => names[here(key)] !== names.toReversed()[there(key)])).toEqual([])
})

test.each([
  ['localhost', 'localhost:11211'],
  ['Cache-1.Example.com', 'cache-1.example.com:11211'],
  ['10.0.0.1:11212', '10.0.0.1:11212'],
  ['memcached://10.0.0.1', '10.0.0.1:11211'],
  ['memcached://10.0.0.1:11213/', '10.0.0.1:11213'],
  ['[::1]', '[::1]:11211'],
  ['[2001:DB8::1]:5', '[2001:db8::1]:5'],
])('%s is the server %s', (text, name) => {
  expect(parseAddress(text).name).toBe(name)
})

test.each(['', 'redis://localhost', 'host:0', 'host:65536', 'host:port', 'a b', '::1', 'user:pass@host', 'host\r\n'])(
  '%j is no server',
  (text) => {
    expect(() => parseAddress(text)).toThrow('memcached: servers: expected addresses')
  },
)
