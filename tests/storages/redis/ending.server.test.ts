import { describe, expect, test } from 'vitest'
import { redisDrivers } from '../../../src/storages/redis/client-maker.ts'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { start } from '../processes/line-process.ts'

describe.skipIf(!(await isServerHere('redis')))('a program that uses a Redis server', () => {
  const server = useServer('redis')

  test.each(redisDrivers)(
    'comes to its end by itself, with %s: neither calls that ended nor a feed keep it alive',
    async (driver) => {
      const program = start('use-redis-and-end', server.url, driver)
      await program.said(2)
      const began = performance.now()
      expect(await program.ended()).toEqual(['shop:ending', 'followed'])
      expect(performance.now() - began).toBeLessThan(3_000)
    },
    30_000,
  )
})
