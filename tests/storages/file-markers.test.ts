import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Markers, Storage, Stored, StoredItem } from 'tiercel'
import { file } from 'tiercel/file'
import { temporaryFolder } from './folder.ts'

let folder: ReturnType<typeof temporaryFolder>
const opened: Storage[] = []
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((storage) => storage.close()))
  await folder.remove()
})

/** One more instance on the same folder: what one does is to the others as if another process did it. */
function open(): { storage: Storage; markers: Markers } {
  const storage = file({ directory: folder.path })
  opened.push(storage)
  const { markers } = storage.capabilities
  if (markers === undefined) throw new Error('no markers')
  return { storage, markers }
}

function marker(hard: string, soft: string, ttl = 60_000): StoredItem {
  return { key: 'tag', header: Buffer.from(hard), payload: Buffer.from(soft), ttl }
}

function versionsOf(stored: Stored | undefined): string | undefined {
  return stored && `${Buffer.from(stored.header).toString()}/${Buffer.from(stored.payload).toString()}`
}

test('DEFECTS 12: a version that was replaced never comes back, whatever other processes do to the marker', async () => {
  const writers = Array.from({ length: 4 }, open)
  const observers = Array.from({ length: 3 }, open)
  const done = new AbortController()
  const watching = observers.map(async ({ storage }) => {
    const seen: string[] = []
    while (!done.signal.aborted) {
      const hard = versionsOf((await storage.getMany(['tag']))[0])?.split('/')[0]
      if (hard !== undefined && hard !== seen.at(-1)) seen.push(hard)
    }
    return seen
  })
  await Promise.all(
    writers.map(async ({ markers }, writer) => {
      for (let step = 0; step < 80; step++) {
        const version = `${writer}:${String(step).padStart(3, '0')}`
        if (step % 4 === writer) await markers.changeMany([marker(version, version)])
        else if (step % 2 === 0) await markers.changeMany([{ ...marker(version, version), softOnly: true }])
        // Longer each time, so that it is written.
        else await markers.ensureMany([marker(version, version, 60_000 + step * 1_000)])
      }
    }),
  )
  done.abort()
  for (const seen of await Promise.all(watching)) {
    expect(seen.length).toBeGreaterThan(5)
    expect(seen).toEqual([...new Set(seen)])
  }
}, 30_000)

test('of many processes that make a marker at once all are answered alike', async () => {
  const makers = Array.from({ length: 12 }, open)
  await Promise.all(makers.map(({ storage }) => storage.open()))
  const answers = await Promise.all(
    makers.map(({ markers }, index) => markers.ensureMany([marker(`hard ${index}`, `soft ${index}`)])),
  )
  expect(new Set(answers.flat().map(versionsOf)).size).toBe(1)
})

test('a marker that was damaged is missing, and makes way', async () => {
  const { storage, markers } = open()
  await markers.ensureMany([marker('h1', 's1')])
  const [path = ''] = (await readdir(folder.path, { recursive: true })).filter((name) => name.endsWith('.entry'))
  await writeFile(join(folder.path, path), 'TCF')
  expect(await storage.getMany(['tag'])).toEqual([undefined])
  expect((await markers.ensureMany([marker('h2', 's2')])).map(versionsOf)).toEqual(['h2/s2'])
  await writeFile(join(folder.path, path), '')
  await markers.changeMany([{ ...marker('h3', 's3'), softOnly: true }])
  expect((await storage.getMany(['tag'])).map(versionsOf)).toEqual(['h3/s3'])
})

test('nothing is left behind but the marker', async () => {
  const { markers } = open()
  await Promise.all(Array.from({ length: 30 }, () => open().markers.ensureMany([marker('h', 's')])))
  await markers.changeMany([marker('h2', 's2'), { ...marker('h3', 'a longer one'), softOnly: true }])
  const files = (await readdir(folder.path, { recursive: true })).filter((name) => name.includes('.'))
  expect(files).toEqual([expect.stringMatching(/\.entry$/)])
})
