import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Storage } from '../../../src/contracts/storage.ts'
import { schemaOf } from '../../../src/storages/sql/schema.ts'
import { isServerHere, useServer } from '../../servers/servers.ts'
import { claim, fulfil, headerAt, item, texts } from '../items.ts'
import { sqlSubjects } from './subjects.ts'

for (const subject of sqlSubjects) {
  const { kind, quoted } = subject
  describe.skipIf(!(await isServerHere(kind)))(`a table of ${kind}()`, () => {
    const server = useServer(kind)
    const opened: Storage[] = []
    const table = 'tables_under_test'
    const run = (...statements: readonly string[]): Promise<unknown[][]> => subject.run(server.url, ...statements)
    const open = (options: object = {}): Storage => {
      const storage = subject.open(server.url, { table, ...options })
      opened.push(storage)
      return storage
    }
    const rowCount = async (): Promise<number> => Number((await run(`SELECT count(*) FROM ${quoted(table)}`))[0]?.[0])
    const drop = async (): Promise<unknown> => run(`DROP TABLE IF EXISTS ${quoted(table)}`)
    beforeEach(drop)
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((storage) => storage.close()))
      await drop()
    })

    test('is made once, however many open it at the same moment', async () => {
      const storages = Array.from({ length: 8 }, () => open({ poolSize: 1 }))
      await Promise.all(storages.map((storage) => storage.open()))
      await storages[0]?.setMany([item('a')])
      expect(await texts(storages[7]!, 'a')).toEqual(['a'])
    })

    test('of somebody else under our name is refused, and left alone', async () => {
      await run(`CREATE TABLE ${quoted(table)} (name VARCHAR(10))`, `INSERT INTO ${quoted(table)} VALUES ('theirs')`)
      const storage = open()
      await expect(storage.setMany([item('a')])).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining('give another `table`') as string,
      })
      await expect(storage.clear('')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
      expect(await run(`SELECT * FROM ${quoted(table)}`)).toEqual([['theirs']])
    })

    test('of a later Tiercel is refused', async () => {
      const later = 'tiercel entries, version 2'
      await run(
        ...(kind === 'mysql'
          ? [`CREATE TABLE ${quoted(table)} (id INT) COMMENT='${later}'`]
          : [`CREATE TABLE ${quoted(table)} (id INT)`, `COMMENT ON TABLE ${quoted(table)} IS '${later}'`]),
      )
      await expect(open().open()).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining('version 2') as string,
      })
    })

    test('that is missing is not made with createSchema: false, and is used once it was made by hand', async () => {
      const storage = open({ createSchema: false })
      await expect(storage.open()).rejects.toMatchObject({
        code: 'INVALID_OPTION',
        message: expect.stringContaining(`tiercel schema ${kind} --table ${table}`) as string,
      })
      await expect(rowCount()).rejects.toThrow(/exist/)
      await run(...schemaOf(kind, { table }).split(/;\n/).filter(Boolean))
      await storage.setMany([item('a')])
      expect(await texts(storage, 'a')).toEqual(['a'])
    })

    test('DEFECTS 30: loses its expired rows without their being read, and leases that ran out, and nothing else', async () => {
      const storage = open({ sweepEvery: 50 })
      await storage.setMany(Array.from({ length: 1_200 }, (_, index) => item(`dying:${index}`, 'x', 30)))
      await storage.setMany([item('living', 'living', 60_000), item('for ever'), item('held', 'old', 30)])
      await storage.capabilities.leases?.claimMany([{ key: 'dead lease', token: 't', life: 30 }])
      expect(await claim(storage, 'living lease', 'mine')).toBe(true)
      expect(await claim(storage, 'held', 'mine')).toBe(true)
      await expect.poll(rowCount, { timeout: 5_000 }).toBe(4)
      expect(await texts(storage, 'living', 'for ever', 'held')).toEqual(['living', 'for ever', undefined])
      expect(await fulfil(storage, 'living lease', 'mine')).toBe(true)
      expect(await fulfil(storage, 'held', 'mine', 'new')).toBe(true)
    })

    test('sweeping can be turned off', async () => {
      const storage = open({ sweepEvery: Infinity })
      await storage.setMany([item('dead', 'x', 1)])
      await new Promise((resolve) => setTimeout(resolve, 150))
      expect(await rowCount()).toBe(1)
      expect(await texts(storage, 'dead')).toEqual([undefined])
    })

    test('DEFECTS 43: takes a thousand entries as one statement, ten thousand as ten, and reads them so', async () => {
      const counted = await subject.openCounting(server.url, table)
      opened.push(counted.storage)
      const items = Array.from({ length: 10_000 }, (_, index) => item(`n${index}`))
      const keys = items.map(({ key }) => key)
      await counted.storage.open()
      expect(await counted.during(() => counted.storage.setMany(items.slice(0, 1_000)))).toBe(1)
      expect(await counted.during(() => counted.storage.setMany(items))).toBe(10)
      expect(await counted.during(() => counted.storage.getMany(keys.slice(0, 1_000)))).toBe(1)
      expect(await counted.during(() => counted.storage.getMany(keys))).toBe(10)
      await counted.end()
    })

    test('DEFECTS 43: takes values of 64 KiB and more: sixteen megabytes come back as they went', async () => {
      const storage = open()
      const limit = kind === 'mysql' ? Number((await run('SELECT @@max_allowed_packet'))[0]?.[0]) : Infinity
      for (const size of [65_535, 65_536, 1 << 20, 16 << 20]) {
        if (size + 65_536 > limit) continue
        const payload = Buffer.alloc(size, 'every byte \0\xff of it')
        await storage.setMany([{ key: 'large', header: headerAt(0), payload }])
        const [stored] = await storage.getMany(['large'])
        expect(Buffer.compare(stored?.payload ?? Buffer.of(), payload)).toBe(0)
      }
    }, 30_000)

    test('an entry that is too large is refused with a clear error, and those beside it are written', async () => {
      const storage = open()
      const limit = kind === 'mysql' ? Number((await run('SELECT @@max_allowed_packet'))[0]?.[0]) : 1 << 28
      const large = { key: 'large', header: headerAt(0), payload: Buffer.alloc(limit) }
      const refused = { code: 'UNSUPPORTED', message: expect.stringContaining(`${limit}`.slice(0, 4)) as string }
      await expect(storage.setMany([item('a'), large, item('b')])).rejects.toMatchObject(refused)
      expect(await claim(storage, 'large', 'mine')).toBe(true)
      expect(await claim(storage, 'c', 'mine')).toBe(true)
      const { leases } = storage.capabilities
      const brought = [
        { ...large, token: 'mine' },
        { ...item('c'), token: 'mine' },
      ]
      await expect(leases?.fulfilMany(brought)).rejects.toMatchObject(refused)
      expect(await texts(storage, 'a', 'large', 'b', 'c')).toEqual(['a', undefined, 'b', 'c'])
    }, 30_000)

    test('an entry whose bytes cannot be compared as text is made stale all the same', async () => {
      const storage = open()
      const now = (await storage.capabilities.time?.now()) ?? 0
      await storage.setMany([{ ...item('\0\xff é 東'), header: headerAt(now) }])
      await storage.expireMany(['\0\xff é 東'])
      expect((await storage.getMany(['\0\xff é 東'])).length).toBe(1)
    })
  })
}
