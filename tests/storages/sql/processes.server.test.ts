import { afterEach, describe, expect, test } from 'vitest'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim, item, texts } from '../items.ts'
import { start, type LineProcess } from '../processes/line-process.ts'
import { sqlSubjects } from './subjects.ts'

for (const { kind, open, run: runStatements, quoted } of sqlSubjects) {
  describe.skipIf(!(await isServerHere(kind)))(`several processes on one ${kind} server`, () => {
    const server = useServer(kind)
    const running: LineProcess[] = []
    afterEach(async () => {
      await Promise.all(running.splice(0).map((one) => one.kill()))
      await runStatements(server.url, `DROP TABLE IF EXISTS ${quoted('tiercel')}`)
    })
    /** Each costs a second in Postgres, even if it is repeated in the end. InnoDB has some whatever one does, at once. */
    const deadlockCount = async (): Promise<number> => {
      if (kind === 'mysql') return 0
      const text = 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'
      return Number((await runStatements(server.url, text))[0]?.[0])
    }
    const run = (name: string, ...parameters: readonly string[]): LineProcess => {
      const one = start(name, server.url, ...parameters)
      running.push(one)
      return one
    }

    test('of 200 callers in 4 processes, one at a time has the lease of a key', async () => {
      const crowd = Array.from({ length: 4 }, (_, index) => run('claim-in-crowd', `p${index}`, '1', '300'))
      await Promise.all(crowd.map((one) => one.said(1)))
      for (const one of crowd) one.tell('go')
      const said = (await Promise.all(crowd.map((one) => one.ended()))).flat()
      const wrote = said.filter((line) => line.startsWith('wrote')).map((line) => Number(line.slice(6)))
      expect(said).not.toContain('refused')
      expect(wrote.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
    }, 120_000)

    test('the lease of a holder that was killed is free when its life is over, and not before', async () => {
      const holder = run('hold-lease', '700')
      await holder.said(1)
      const [won, since] = holder.lines[0]?.split(' ') ?? []
      expect(won).toBe('true')
      await holder.kill()
      const storage = open(server.url)
      while (!(await claim(storage, 'a', 'mine'))) await new Promise((resolve) => setTimeout(resolve, 10))
      expect(Date.now() - Number(since)).toBeGreaterThanOrEqual(695)
      await storage.close()
    }, 60_000)

    test('a process whose storage is open, and followed, ends when it has nothing else to do', async () => {
      const began = performance.now()
      expect(await run('follow-and-end').ended()).toEqual(['a'])
      expect(performance.now() - began).toBeLessThan(8_000)
    }, 60_000)

    test('writers of the same keys in every order get no deadlock', async () => {
      const storages = Array.from({ length: 4 }, () => open(server.url, { table: 'crowded', poolSize: 4 }))
      const keys = Array.from({ length: 600 }, (_, index) => `k${index}`)
      const shuffled = (seed: number): readonly string[] =>
        keys
          .map((key, index) => ({ key, at: (index * seed) % 601 }))
          .sort((a, b) => a.at - b.at)
          .map(({ key }) => key)
      const work = storages.flatMap((storage, who) =>
        Array.from({ length: 6 }, async (_, round) => {
          const order = shuffled(who * 6 + round + 2)
          const token = `${who}:${round}`
          const { leases, markers } = storage.capabilities
          await storage.setMany(order.map((key) => item(key)))
          await leases?.claimMany(
            order.map((key) => ({ key, token, life: 60_000, ...(round % 2 === 0 && { force: true }) })),
          )
          await leases?.renewMany(order.map((key) => ({ key, token, life: 60_000 })))
          await leases?.fulfilMany(order.map((key) => ({ ...item(key), token })))
          await leases?.releaseMany(order.map((key) => ({ key, token })))
          await markers?.ensureMany(order.map((key) => item(key, 'v', 60_000)))
          await storage.expireMany(order)
          if (round % 3 === 0) await storage.clear('k')
          await storage.deleteMany(order)
        }),
      )
      const before = await deadlockCount()
      expect((await Promise.allSettled(work)).filter(({ status }) => status === 'rejected')).toEqual([])
      const [storage] = storages
      await storage?.setMany(keys.map((key) => item(key)))
      expect(await texts(storage!, ...keys)).toEqual(keys)
      await Promise.all(storages.map((one) => one.close()))
      // A server counts with some delay.
      await new Promise((resolve) => setTimeout(resolve, 1_200))
      expect((await deadlockCount()) - before).toBe(0)
      await runStatements(server.url, `DROP TABLE ${quoted('crowded')}`)
    }, 60_000)
  })
}
