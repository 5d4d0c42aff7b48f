import { openDatabase, sqliteDrivers, type SqliteDriver } from '../../src/storages/sql/sqlite/sqlite-driver.ts'

/** The SQLite drivers that this Node and this checkout have. There is always one: libsql is a dev dependency. */
export const driversHere: readonly SqliteDriver[] = await findDrivers()

async function findDrivers(): Promise<readonly SqliteDriver[]> {
  const found: SqliteDriver[] = []
  for (const driver of sqliteDrivers) {
    const client = await openDatabase(':memory:', driver).catch(() => undefined)
    if (client === undefined) continue
    client.close()
    found.push(driver)
  }
  return found
}
