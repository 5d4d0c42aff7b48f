import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { mongodb } from 'tiercel/mongodb'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim } from '../items.ts'
import { start, type LineProcess } from '../processes/line-process.ts'

describe.skipIf(!(await isServerHere('mongodb')))('several processes on one server', { timeout: 120_000 }, () => {
  const server = useServer('mongodb')
  const running: LineProcess[] = []
  let url: string
  beforeEach(() => {
    url = server.url.replace('/?', `/tiercel_${randomUUID().slice(0, 8)}?`)
  })
  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.kill()))
    const client = new MongoClient(url)
    await client.db().dropDatabase()
    await client.close()
  })

  function run(name: string, ...parameters: readonly string[]): LineProcess {
    const one = start(name, url, ...parameters)
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
    expect(wrote.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 200 }, (_, index) => index + 1))
  })

  test('the lease of a holder that was killed is free when its life is over, and not before', async () => {
    const holder = run('hold-lease', '700')
    await holder.said(1)
    const [won, since] = holder.lines[0]?.split(' ') ?? []
    expect(won).toBe('true')
    await holder.kill()
    const storage = mongodb({ url })
    while (!(await claim(storage, 'a', 'mine'))) await new Promise((resolve) => setTimeout(resolve, 10))
    const now = (await storage.capabilities.time?.now()) ?? 0
    expect(now - Number(since)).toBeGreaterThanOrEqual(695)
    await storage.close()
  })
})
