import { join } from 'node:path'
import { describe } from 'vitest'
import { fleetTests } from './fleet.ts'

describe('of processes that share a SQLite file', () => {
  fleetTests((folder) => `sqlite://${join(folder, 'cache.db')}`)
})
