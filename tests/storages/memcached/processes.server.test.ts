import { afterEach, describe, expect, test } from 'vitest'
import { memcached } from 'tiercel/memcached'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim, texts } from '../items.ts'
import { start, type LineProcess } from '../processes/line-process.ts'

const isHere = await isServerHere('memcached', { own: true })

const running: LineProcess[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.kill()))
})

function run(name: string, ...parameters: readonly string[]): LineProcess {
  const one = start(name, ...parameters)
  running.push(one)
  return one
}

describe.skipIf(!isHere)('memcached', () => {
  const server = useServer('memcached', { own: true })

  test('of 200 callers in 4 processes, one at a time has the lease of a key', async () => {
    const crowd = [1, 2, 3, 4].map((index) => run('claim-on-memcached', server.url, `p${index}`, '2'))
    await Promise.all(crowd.map((one) => one.said(1)))
    for (const one of crowd) one.tell('go')
    const said = (await Promise.all(crowd.map((one) => one.ended()))).flat()

    const wrote = said.filter((line) => line.startsWith('wrote')).map((line) => Number(line.slice(6)))
    expect(said).not.toContain('refused')
    expect(wrote.sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1))
  }, 60_000)

  test('the lease of a holder that was killed is free when its life is over, and not before', async () => {
    const holder = run('hold-on-memcached', server.url, '700')
    await holder.said(1)
    const [won, since] = holder.lines[0]!.split(' ')
    expect(won).toBe('true')
    await holder.kill()

    const storage = memcached({ servers: server.url })
    while (!(await claim(storage, 'held', 'mine'))) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(Date.now() - Number(since)).toBeGreaterThanOrEqual(700)
    await storage.close()
  }, 30_000)

  test('a program that just comes to its end does end, with a connection open', async () => {
    await run('end-on-memcached', server.url).ended()
    const storage = memcached({ servers: server.url })
    expect(await texts(storage, 'written')).toEqual(['written'])
    await storage.close()
  }, 30_000)
})
