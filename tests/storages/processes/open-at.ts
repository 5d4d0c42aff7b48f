import type { Storage } from '../../../src/contracts/storage.ts'
import { mongodb } from '../../../src/storages/mongodb/mongodb.ts'
import { mysql } from '../../../src/storages/sql/mysql/mysql.ts'
import { postgres } from '../../../src/storages/sql/postgres/postgres.ts'
import { sqlite } from '../../../src/storages/sql/sqlite/sqlite.ts'

/** A storage at a path, or at a URL. */
export function openAt(where: string): Storage {
  if (where.startsWith('postgres')) return postgres({ url: where })
  if (where.startsWith('mysql')) return mysql({ url: where })
  if (where.startsWith('mongodb')) return mongodb({ url: where })
  return sqlite({ path: where })
}
