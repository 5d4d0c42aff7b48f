export { sqlite, type SqliteDatabase, type SqliteOptions } from '../storages/sql/sqlite/sqlite.ts'
export type { SqliteDriver } from '../storages/sql/sqlite/sqlite-driver.ts'
export type { SqliteClient, SqliteStatement, SqliteValue } from '../clients/sqlite-client.ts'
