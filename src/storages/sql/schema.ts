import { invalidOption } from '../../kernel/errors.ts'
import { mysqlSchema } from './mysql/mysql-schema.ts'
import { postgresSchema, type PostgresDurability } from './postgres/postgres-schema.ts'
import { sqliteSchema } from './sqlite/sqlite-schema-text.ts'
import { tableName } from './table-name.ts'

/** The databases whose tables can be made by hand. */
export type SqlDialectName = 'postgres' | 'mysql' | 'sqlite'

/** All of them. */
export const sqlDialectNames: readonly SqlDialectName[] = ['postgres', 'mysql', 'sqlite']

const schemas: Readonly<Record<SqlDialectName, (table: string, durability?: PostgresDurability) => string>> = {
  // In a transaction: what comes first fails for a table that is there, and the rest must not be done to it then.
  postgres: (table, durability) => `BEGIN;\n${postgresSchema(table, durability)}COMMIT;\n`,
  mysql: (table) => mysqlSchema(table),
  sqlite: (table) => `BEGIN;\n${sqliteSchema(table)}COMMIT;\n`,
}

/**
 * What a database has to be told to make the table of a storage, for programs that may not make it themselves
 * (`createSchema: false`).
 *
 * @param options `durability`: only Postgres knows it
 * @throws CacheError `INVALID_OPTION` for a table or a dialect that is none
 */
export function schemaOf(
  dialect: SqlDialectName,
  { table, durability }: { readonly table?: string | undefined; readonly durability?: PostgresDurability } = {},
): string {
  if (!Object.hasOwn(schemas, dialect)) throw invalidOption('schema', `one of ${sqlDialectNames.join(', ')}`, dialect)
  return schemas[dialect](tableName(dialect, table), durability)
}
