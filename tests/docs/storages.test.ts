import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { memory, nullStorage, type AnyStorage } from 'tiercel'
import { file } from 'tiercel/file'
import { memcached } from 'tiercel/memcached'
import { mongodb } from 'tiercel/mongodb'
import { mysql } from 'tiercel/mysql'
import { postgres } from 'tiercel/postgres'
import { redis, redisCluster } from 'tiercel/redis'
import { sqlite } from 'tiercel/sqlite'
import { root } from '../architecture/project.ts'
import { contentOf } from './blocks.ts'

/** None of them is opened: no server has to be there. */
const storages: Readonly<Record<string, AnyStorage>> = {
  'memory()': memory(),
  'redis()': redis({ url: 'redis://localhost' }),
  'redisCluster()': redisCluster({ url: 'redis://localhost' }),
  'memcached()': memcached(),
  'mongodb()': mongodb({ url: 'mongodb://localhost' }),
  'postgres()': postgres({ url: 'postgres://localhost/db' }),
  'mysql()': mysql({ url: 'mysql://localhost/db' }),
  'sqlite()': sqlite({ path: ':memory:' }),
  'file()': file({ directory: 'nowhere' }),
  'nullStorage()': nullStorage(),
}

const [head = [], ...rows] = tableUnder('## Which can what')
const capabilities = head.slice(3)

describe('the table of storages is true of', () => {
  test.each(rows.map((row) => [row[0] ?? '', row] as const))('%s', (name, [, , kind, ...cells]) => {
    const storage = storages[name]
    expect(storage, `make ${name} in this test`).toBeDefined()
    expect(kind).toBe(storage?.kind)
    if (storage === undefined || storage.kind === 'private') {
      expect(new Set(cells)).toEqual(new Set(['–']))
      return
    }
    const said = capabilities.filter((_, index) => cells[index] === 'yes')
    expect(said.toSorted()).toEqual(Object.keys(storage.capabilities).toSorted())
    for (const cell of cells) expect(['yes', 'no']).toContain(cell)
  })
})

test('every storage is in it, and every capability there is', () => {
  expect(rows.map(([name = '']) => name).toSorted()).toEqual(Object.keys(storages).toSorted())
  const known = new Set(
    Object.values(storages).flatMap((one) => (one.kind === 'private' ? [] : Object.keys(one.capabilities))),
  )
  expect(capabilities.toSorted()).toEqual([...known].toSorted())
})

test('every door with a storage behind it is in it', () => {
  const withoutStorage = ['index', 'testing', 'simulator']
  const doors = readdirSync(join(root, 'src/doors')).map((name) => name.replace('.ts', ''))
  const missing = doors.filter(
    (door) => !withoutStorage.includes(door) && !rows.some(([, cell = '']) => cell.includes(`tiercel/${door}`)),
  )
  expect(missing).toEqual([])
})

test('the limits of every storage that keeps something are told', () => {
  const told = tableUnder('What limits each of them:')
    .slice(1)
    .flatMap(([names = '']) => names.split(', '))
  expect(told.toSorted()).toEqual(
    Object.keys(storages)
      .filter((name) => name !== 'nullStorage()')
      .toSorted(),
  )
})

/** The rows of the first table behind a line, without its markup. */
function tableUnder(line: string): readonly (readonly string[])[] {
  const page = contentOf('docs/storages.md')
  const [, table = ''] = /\n\n((?:\|.*\n)+)/.exec(page.slice(page.indexOf(line) + line.length)) ?? []
  const lines = table.split('\n').filter((one) => one !== '' && !/^\|[-|]+\|$/.test(one))
  return lines.map((one) =>
    one
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}
