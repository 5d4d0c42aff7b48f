import { createClient, createCluster } from '@redis/client'
import { Redis } from 'ioredis'
import { describe, expect, test } from 'vitest'
import { redis, redisCluster, type RedisClusterOptions, type RedisOptions } from 'tiercel/redis'
import { parseAddress, parseUrl } from '../../../src/storages/redis/endpoint.ts'

const url = 'redis://localhost'

describe('options that make no sense are refused at once', () => {
  test.each<[string, object]>([
    ['url', {}],
    ['url', { url: '' }],
    ['url', { url: 'localhost:6379' }],
    ['url', { url: 'http://localhost' }],
    ['url', { url: 7 }],
    ['url', { url: 'redis://localhost/first' }],
    ['url', { url, client: new Redis({ lazyConnect: true }) }],
    ['driver', { url, driver: 'redis' }],
    ['poolSize', { url, poolSize: 0 }],
    ['poolSize', { url, poolSize: 1.5 }],
    ['ttl', { url, ttl: 0 }],
    ['ttl', { url, ttl: '1 hour' }],
    ['feed', { url, feed: 'polling' }],
    ['limits.connect', { url, limits: { connect: 0 } }],
    ['limits.silence', { url, limits: { silence: -1 } }],
    ['sentinel.name', { url, sentinel: { nodes: ['a:1'] } }],
    ['sentinel.nodes', { url, sentinel: { name: 'a', nodes: [] } }],
    ['sentinel.nodes', { url, sentinel: { name: 'a', nodes: ['redis://a'] } }],
    ['client', { client: {} }],
    ['client', { client: createCluster({ rootNodes: [] }) }],
    ['client', { client: new Redis({ lazyConnect: true, keyPrefix: 'mine:' }) }],
    ['client', { client: createClient({ keyPrefix: 'mine:' }) }],
  ])('redis: %s: %o', (where, options) => {
    expect(() => redis(options as RedisOptions)).toThrow(refusal(`redis: ${where}`))
  })

  test.each<[string, object]>([
    ['nodes', {}],
    ['nodes', { nodes: [] }],
    ['nodes', { nodes: 'a:1' }],
    ['nodes', { nodes: ['a:b'] }],
    ['url', { url: 'redis://localhost/1' }],
    ['client', { client: {} }],
    ['client', { client: createClient(), url }],
    ['driver', { url, driver: 'redis' }],
    ['ttl', { url, ttl: -1 }],
  ])('redisCluster: %s: %o', (where, options) => {
    expect(() => redisCluster(options as RedisClusterOptions)).toThrow(refusal(`redisCluster: ${where}`))
  })

  test('without telling the password', () => {
    expect(() => redis({ url: 'http://me:s3cret@localhost' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('s3cret') as string }),
    )
  })
})

describe('an address', () => {
  test.each([
    ['redis://localhost', { address: { host: 'localhost', port: 6379 }, database: 0, tls: undefined }],
    ['redis://', { address: { host: '127.0.0.1', port: 6379 }, database: 0, tls: undefined }],
    ['valkey://a:1/3', { address: { host: 'a', port: 1 }, database: 3, tls: undefined }],
    ['redis://[::1]:7000', { address: { host: '::1', port: 7000 }, database: 0, tls: undefined }],
    [
      'rediss://me:p%40ss@a:1?cluster=true',
      { address: { host: 'a', port: 1 }, database: 0, tls: {}, username: 'me', password: 'p@ss' },
    ],
    ['redis://:pass@a', { address: { host: 'a', port: 6379 }, database: 0, tls: undefined, password: 'pass' }],
  ])('%s', (text, endpoint) => {
    expect(parseUrl(text, undefined, 'url')).toEqual(endpoint)
  })

  test('says TLS, unless the option says otherwise', () => {
    expect(parseUrl('redis://a', true, 'url').tls).toEqual({})
    expect(parseUrl('redis://a', { servername: 'b' }, 'url').tls).toEqual({ servername: 'b' })
    expect(parseUrl('rediss://a', false, 'url').tls).toBeUndefined()
  })

  test('may be just a host and a port', () => {
    expect(parseAddress('a:1', 9, 'nodes')).toEqual({ host: 'a', port: 1 })
    expect(parseAddress('a', 9, 'nodes')).toEqual({ host: 'a', port: 9 })
    expect(parseAddress('[::1]:1', 9, 'nodes')).toEqual({ host: '::1', port: 1 })
  })
})

test('keys that look like leases are refused, and nothing is done', async () => {
  const storage = redis({ url: 'redis://127.0.0.1:1', feed: 'off' })
  await expect(
    storage.setMany([{ key: '!lease={a}', header: Buffer.alloc(0), payload: Buffer.alloc(0) }]),
  ).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  await storage.close()
})

function refusal(where: string): Error {
  return expect.objectContaining({
    code: 'INVALID_OPTION',
    message: expect.stringContaining(where) as string,
  }) as Error
}
