import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { file } from 'tiercel/file'
import { sqlite } from 'tiercel/sqlite'
import { openDatabase } from '../../src/storages/sql/sqlite/sqlite-driver.ts'
import { temporaryFolder } from './folder.ts'
import { claim, texts } from './items.ts'
import { start, type LineProcess } from './processes/line-process.ts'

let folder: ReturnType<typeof temporaryFolder>
let path: string
const running: LineProcess[] = []
beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, 'cache.db')
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.kill()))
  await folder.remove()
})

function run(name: string, ...parameters: readonly string[]): LineProcess {
  const one = start(name, ...parameters)
  running.push(one)
  return one
}

test('of 200 callers in 4 processes, one at a time has the lease of a key', async () => {
  const crowd = Array.from({ length: 4 }, (_, index) => run('claim-in-crowd', path, `p${index}`, '2'))
  await allReady(crowd)
  const said = (await Promise.all(crowd.map((one) => one.ended()))).flat()

  const wrote = said.filter((line) => line.startsWith('wrote')).map((line) => Number(line.slice(6)))
  expect(said).not.toContain('refused')
  expect(wrote.sort((a, b) => a - b)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1))
}, 30_000)

test('the lease of a holder that was killed is free when its life is over, and not before', async () => {
  const holder = run('hold-lease', path, '700')
  await holder.said(1)
  const [won, since] = holder.lines[0]!.split(' ')
  expect(won).toBe('true')
  await holder.kill()

  const storage = sqlite({ path })
  while (!(await claim(storage, 'a', 'mine'))) await new Promise((resolve) => setTimeout(resolve, 10))
  expect(Date.now() - Number(since)).toBeGreaterThanOrEqual(700)
  await storage.close()
}, 30_000)

test('processes that write heavily get no errors, and nothing is lost', async () => {
  const writers = ['one', 'two', 'three'].map((name) => run('write-heavily', path, name, '60'))
  await allReady(writers)
  for (const said of await Promise.all(writers.map((one) => one.ended()))) expect(said).toContain('done')

  const storage = sqlite({ path })
  const keys = ['one', 'two', 'three'].flatMap((name) => Array.from({ length: 60 }, (_, round) => `${name}:${round}`))
  expect(await texts(storage, ...keys)).toEqual(keys)
  await storage.close()
}, 60_000)

test('what was acknowledged is there after kill -9, and the file is whole', async () => {
  const expected = new Map<string, boolean>()
  for (let round = 0; round < 6; round++) {
    const writer = run('write-and-tell', path, `${round}`)
    await writer.said(200 + Math.floor(Math.random() * 800))
    await writer.kill()
    for (const line of writer.lines.slice(1)) {
      const [what, key = ''] = line.split(' ')
      if (what === 'deleted') expected.set(key, false)
      else if (!expected.has(key)) expected.set(key, true)
    }

    const client = await openDatabase(path)
    expect(client.prepare('PRAGMA integrity_check').all()).toMatchObject([{ integrity_check: 'ok' }])
    client.close()
    const storage = sqlite({ path })
    const keys = [...expected.keys()]
    const found = await texts(storage, ...keys)
    for (const [index, key] of keys.entries()) {
      if (expected.get(key) === false) expect(found[index], `${key} was deleted`).toBeUndefined()
      else expect(found[index]?.replaceAll(`${key} `, ''), `${key} was written`).toBe('')
    }
    await storage.close()
  }
  expect(expected.size).toBeGreaterThan(500)
}, 60_000)

test('a program that just comes to its end does end, and has written what it brought', async () => {
  const directory = join(folder.path, 'cache')
  await run('fill-and-end', path, directory).ended()
  for (const storage of [sqlite({ path }), file({ directory })]) {
    expect(await texts(storage, 'a')).toEqual(['a'])
    await storage.close()
  }
}, 30_000)

test('files that two processes rewrite at once never show half a value', async () => {
  const directory = join(folder.path, 'cache')
  const storage = file({ directory })
  const writers = ['one', 'two'].map((name) => run('rewrite-file', directory, name, '300'))
  await allReady(writers)

  const state = { isOver: false, reads: 0, misses: 0 }
  const over = Promise.all(writers.map((one) => one.ended())).then(() => (state.isOver = true))
  while (!state.isOver) {
    const [stored] = await storage.getMany(['a'])
    state.reads++
    if (stored === undefined) {
      state.misses++
      continue
    }
    const text = Buffer.from(stored.payload).toString()
    const pattern = text.slice(0, text.indexOf(';') + 2)
    expect(text).toBe(pattern.repeat(text.length).slice(0, text.length))
  }
  await over
  expect(state.reads).toBeGreaterThan(50)
  // Before the first write there is nothing to read.
  expect(state.misses).toBeLessThan(state.reads / 2)
  await storage.close()
}, 30_000)

async function allReady(processes: readonly LineProcess[]): Promise<void> {
  await Promise.all(processes.map((one) => one.said(1)))
  for (const one of processes) one.tell('go')
}
