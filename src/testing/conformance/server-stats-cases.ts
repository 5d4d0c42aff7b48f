import assert from 'node:assert/strict'
import { item, type StorageCase } from './storage-case.ts'

/** The figures of a server, where it tells any. Nobody has to. */
export const serverStatsCases: readonly StorageCase[] = [
  {
    title: 'tells figures of its server that make sense, if it tells any',
    async run({ storage }) {
      const { serverStats } = storage.capabilities
      if (serverStats === undefined) return
      await storage.setMany([item('a')])
      await storage.getMany(['a', 'nothing'])
      const figures = await serverStats.read()
      for (const [name, figure] of Object.entries(figures)) {
        assert.ok(figure === undefined || (Number.isFinite(figure) && figure >= 0), `${name} is ${String(figure)}`)
      }
      const { hitRate, keyCount } = figures
      assert.ok(hitRate === undefined || hitRate <= 1, `a hit rate of ${String(hitRate)}`)
      assert.ok(keyCount === undefined || keyCount >= 1, 'there is a key at least')
    },
  },
]
