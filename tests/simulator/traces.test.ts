import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { simulate, traceFile } from 'tiercel/simulator'

/**
 * Real traces are too large to be kept here. With TIERCEL_TRACES naming a folder that has some, and a README.md with a
 * table of what is known of them (trace, requests, keys, size, OPT, LRU …, in percent), ours are compared with those figures.
 */
const folder = process.env['TIERCEL_TRACES']
const cells = folder === undefined ? [] : readCells(join(folder, 'README.md'))
const traces = [...new Set(cells.map(({ trace }) => trace))]

describe.skipIf(folder === undefined)('figures of real traces', () => {
  test.each(traces)(
    '%s: the optimum and LRU are what is known, to the last digit',
    async (trace) => {
      const known = cells.filter((cell) => cell.trace === trace)
      const { limit = 0, keys } = known[0] ?? {}
      const path = join(folder ?? '', `${trace}.u32.gz`)
      const sizes = known.map(({ size }) => size)
      const result = await simulate({ trace: traceFile(path), sizes, limit, policies: ['opt', 'lru'] })
      expect(result).toMatchObject({ requests: limit, keys })
      for (const { size, opt, lru } of known) {
        const [bestHere, lruHere] = result.curves.map(
          ({ points }) => points.find((one) => one.size === size)?.hitRatio ?? 0,
        )
        expect({ size, opt: percent(bestHere), lru: percent(lruHere) }).toEqual({ size, opt, lru })
      }
    },
    60_000,
  )
})

test.runIf(folder === undefined)('without a folder of real traces there is nothing to compare', () => {
  expect(cells).toEqual([])
})

interface Cell {
  readonly trace: string
  readonly limit: number
  readonly keys: number
  readonly size: number
  readonly opt: number
  readonly lru: number
}

function readCells(path: string): readonly Cell[] {
  if (!existsSync(path)) throw new Error(`TIERCEL_TRACES: there is no ${path}`)
  const rows = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => /^\| [a-z0-9_-]+ \| \d/.test(line))
  return rows.map((row) => {
    const [, trace = '', ...figures] = row.split('|').map((part) => part.trim())
    const [limit = 0, keys = 0, size = 0, opt = 0, lru = 0] = figures.map(Number)
    return { trace, limit, keys, size, opt, lru }
  })
}

function percent(ratio: number | undefined): number {
  return Math.round((ratio ?? 0) * 10_000) / 100
}
