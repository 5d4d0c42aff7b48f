import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import {
  simulate,
  type SimulationResult,
  traceBytes,
  traceFile,
  type TraceFileOptions,
  traceOf,
} from 'tiercel/simulator'
import { chunksOf } from './chunks.ts'
import { sampledKeys } from './sampled.ts'

const keys = sampledKeys(3000, 200)
const sizes = [1, 5, 20, 100]

const written = {
  lines: { name: 'trace.txt', bytes: Buffer.from(keys.map((key) => `key ${key}\n`).join('')) },
  csv: {
    name: 'trace.csv',
    bytes: Buffer.from(`time,"key",size\r\n${keys.map((key, at) => `${at},"number ""${key}"", here",1\r\n`).join('')}`),
  },
  log: { name: 'access.log', bytes: Buffer.from(keys.map((key) => logLine(`/pages/${key}?a=b`)).join('')) },
  u32: { name: 'trace.u32', bytes: Buffer.from(Uint32Array.from(keys).buffer) },
  arc: { name: 'trace.lis', bytes: Buffer.from(keys.map((key, at) => `${key} 1 0 ${at}\n`).join('')) },
  lirs: {
    name: 'trace.trc',
    bytes: Buffer.from(`${keys.slice(0, 100).join('\n')}\n*\n${keys.slice(100).join('\n')}\n*\n`),
  },
  oracle: { name: 'trace.oracleGeneral.bin', bytes: oracleRecords(keys) },
} as const

type Format = keyof typeof written
const formats = Object.keys(written) as readonly Format[]

const folder = mkdtempSync(join(tmpdir(), 'tiercel-traces-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe.each(formats)('%s', (format) => {
  const { name, bytes } = written[format]

  test('comes out as it was written', async () => {
    expect(await figures(fromBytes(bytes, { format }))).toEqual(await expected())
  })

  test('comes out the same in pieces of any length', async () => {
    for (const length of [1, 7, 4096]) {
      expect(await figures(traceBytes('pieces', chunksOf(bytes, length), { format }))).toEqual(await expected())
    }
  })

  test('is known by its name, and comes out of a gzipped file', async () => {
    const path = join(folder, `${name}.gz`)
    writeFileSync(path, gzipSync(bytes))
    expect(await figures(traceFile(path))).toEqual(await expected())
  })
})

test.each(formats.filter((format) => format !== 'u32'))('%s is known by its content', async (format) => {
  expect(await figures(fromBytes(written[format].bytes))).toEqual(await expected())
})

test('a packed file is left in the middle when no more is wanted', async () => {
  const path = join(folder, 'long.u32.gz')
  writeFileSync(path, gzipSync(Buffer.from(Uint32Array.from({ length: 500_000 }, (_, at) => at).buffer)))
  const result = await simulate({ trace: traceFile(path), sizes: [1], policies: ['opt', 'lru'], limit: 70_000 })
  expect(result).toMatchObject({ requests: 70_000, keys: 70_000 })
})

test('numbers that could be anything are not guessed at', async () => {
  await expect(figures(fromBytes(written.u32.bytes))).rejects.toThrow(/can't tell its format; say which of lines, csv/)
})

test('a line of ARC asks for several blocks', async () => {
  const result = await simulateText('100 3 0 1\n101 2 0 2\n', { format: 'arc' })
  expect(result).toMatchObject({ requests: 5, keys: 3 })
})

test('blocks beyond 32 bits are told apart', async () => {
  const result = await simulateText('5 1 0 1\n4294967301 1 0 2\n', { format: 'arc' })
  expect(result).toMatchObject({ requests: 2, keys: 2 })
})

test('objects of oracleGeneral have 64 bits, and those without bytes are skipped', async () => {
  const record = oracleRecords([1, 1, 1])
  record.writeUInt32LE(1, 24 + 8)
  record.writeUInt32LE(0, 48 + 12)
  const trace = fromBytes(record, { format: 'oracle' })
  expect(await simulate({ trace, sizes: [1] })).toMatchObject({ requests: 2, keys: 2, skippedCount: 1 })
})

test('of an access log only what a cache could answer counts', async () => {
  const lines = [logLine('/a'), logLine('/a', 'HEAD'), logLine('/a', 'POST')].join('')
  expect(await simulateText(lines, {})).toMatchObject({ requests: 2, keys: 1, skippedCount: 1 })
})

describe('a column of a CSV', () => {
  const text = 'user;item\n1;x\n2;x\n1;y\n'
  test.each([
    ['by its name', { column: 'user' }, { requests: 3, keys: 2 }],
    ['by its number, when the first line is a record', { column: 2 }, { requests: 4, keys: 3 }],
  ])('%s', async (_what, options, counts) => {
    expect(await simulateText(text, options)).toMatchObject(counts)
  })

  test('that is not there is refused, and those that are there are named', async () => {
    const message = 'text: there is no column "id". The first line names "user", "item"'
    await expect(simulateText(text, { column: 'id' })).rejects.toThrow(message)
    await expect(simulateText(text, { format: 'csv' })).rejects.toThrow(
      'text: which column has the key, or is every line one (format lines)?',
    )
    await expect(simulateText(text, { column: 3 })).rejects.toThrow('text: column: expected a number from 1 to 2')
  })

  test('may have a name beyond ASCII', async () => {
    expect(await simulateText('\ufeffSchlüssel\tn\na\t1\n', { column: 'Schlüssel' })).toMatchObject({ requests: 1 })
  })
})

describe('what is broken', () => {
  test.each([
    ['lirs', '1\ntwo\n3\n', 'text:2: expected the number of a block, or a star, got "two"'],
    ['arc', '1 1 0 0\n1 9999999 0 0\n', 'text:2: expected a block and how many are read from there on'],
    ['log', `${logLine('/a')}\n\nwhat?\n`, 'text:4: expected host - - [time] "GET /path HTTP/1.1" 200 1234'],
    ['csv', 'key,n\na,1\nb\n', 'text:3: expected 2 fields, with a key in field 1, got "b"'],
    ['csv', 'key,n\na,1\n"b,1\n', 'text:3: expected 2 fields'],
    ['u32', '12345', 'text:2: expected a record of 4 bytes, got "1 bytes at the end"'],
  ] as const)('in %s is left out and counted: %j', async (format, text, why) => {
    const { brokenCount, broken } = await simulateText(text, { format })
    expect(brokenCount).toBe(1)
    expect(broken[0]!.why).toContain(why)
  })

  test('is refused where it stands when the reading is strict', async () => {
    await expect(simulateText('1\ntwo\n3\n', { format: 'lirs' }, true)).rejects.toThrow(
      expect.objectContaining({ code: 'UNREADABLE', message: expect.stringContaining('text:2: expected') as string }),
    )
  })

  test('is told with the first few examples, and counted once though the trace is read twice', async () => {
    const path = join(folder, 'broken.lirs')
    writeFileSync(path, Array.from({ length: 20 }, (_, at) => `${at % 2 === 0 ? 'x' : at}\n`).join(''))
    const { brokenCount, broken } = await simulate({ trace: traceFile(path), sizes: ['10%'] })
    expect({ brokenCount, lines: broken.map(({ line }) => line) }).toEqual({ brokenCount: 10, lines: [1, 3, 5, 7, 9] })
  })

  test('and nothing else is an error that says so', async () => {
    await expect(simulateText('what\nis\nthis\n', { format: 'arc' })).rejects.toThrow(
      /no requests in this trace; 3 could not be read, the first: text:1: expected a block/,
    )
  })

  test('does not fill the memory when it never ends', async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (let part = 0; part < 64; part++) yield Buffer.alloc(2 ** 18, 'x')
      yield Buffer.from('\nkey\n')
    }
    const result = await simulate({ trace: traceBytes('x', endless(), { format: 'lines' }), sizes: [1] })
    expect(result).toMatchObject({ requests: 1, brokenCount: 1 })
  })

  test('beyond the limit is not looked at', async () => {
    const trace = fromBytes(Buffer.from('1\n2\nthree\n'), { format: 'lirs' })
    expect(await simulate({ trace, sizes: [1], limit: 2, strict: true })).toMatchObject({ requests: 2, brokenCount: 0 })
  })
})

describe('a file that can not be read', () => {
  test.each([
    ['is not there', join(folder, 'nowhere.u32'), /nowhere\.u32: can't be read: there is no such file/],
    ['is a folder', folder, /can't be read: it is a folder/],
    ['ends in the middle of its gzip', torn(), /torn\.u32\.gz: can't be read: unexpected end of file/],
    ['is packed otherwise', zstd(), /packed with zstd/],
  ])('because it %s is refused', async (_what, path, message) => {
    await expect(simulate({ trace: traceFile(path), sizes: [1] })).rejects.toThrow(
      expect.objectContaining({ code: 'UNREADABLE', message: expect.stringMatching(message) as string }),
    )
  })
})

function expected(): Promise<SimulationResult['curves']> {
  return figures(traceOf(keys))
}

async function figures(trace: Parameters<typeof simulate>[0]['trace']): Promise<SimulationResult['curves']> {
  const { curves, brokenCount } = await simulate({ trace, sizes, policies: ['opt', 'lru', 'tinylfu'] })
  expect(brokenCount).toBe(0)
  return curves
}

function fromBytes(bytes: Uint8Array, options: TraceFileOptions = {}): ReturnType<typeof traceBytes> {
  return traceBytes('bytes', chunksOf(bytes, 1000), options)
}

function simulateText(text: string, options: TraceFileOptions, strict = false): Promise<SimulationResult> {
  const trace = traceBytes('text', chunksOf(Buffer.from(text), 10), options)
  return simulate({ trace, sizes: [1], policies: ['lru'], strict })
}

function logLine(target: string, method = 'GET'): string {
  return `10.0.0.1 - anna [10/Oct/2025:13:55:36 +0000] "${method} ${target} HTTP/1.1" 200 2326 "-" "Browser (\\"x\\")"\n`
}

function oracleRecords(objects: readonly number[]): Buffer {
  const bytes = Buffer.alloc(objects.length * 24)
  for (const [at, object] of objects.entries()) {
    bytes.writeUInt32LE(at >> 4, at * 24)
    bytes.writeUInt32LE(object, at * 24 + 4)
    bytes.writeUInt32LE(100, at * 24 + 12)
    bytes.writeBigInt64LE(-1n, at * 24 + 16)
  }
  return bytes
}

function torn(): string {
  const path = join(folder, 'torn.u32.gz')
  writeFileSync(path, gzipSync(Buffer.from(Uint32Array.from(keys).buffer)).subarray(0, 500))
  return path
}

function zstd(): string {
  const path = join(folder, 'trace.zst')
  writeFileSync(path, Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0]))
  return path
}
