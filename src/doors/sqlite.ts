export { sqlite, type SqliteDatabase, type SqliteOptions } from '../storages/sql/sqlite.ts'
export type { SqliteDriver } from '../storages/sql/sqlite-driver.ts'
export type { SqliteClient, SqliteStatement, SqliteValue } from '../clients/sqlite-client.ts'
