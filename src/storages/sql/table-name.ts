import { invalidOption } from '../../kernel/errors.ts'

// Some databases end a name at 63 bytes, and those of our indexes begin with that of the table.
const pattern = /^[A-Za-z_]\w{0,47}$/

/**
 * A table's name, which goes into statements as it is.
 * @throws CacheError `INVALID_OPTION` for one that would have to be escaped
 */
export function tableName(dialect: string, table: string = 'tiercel'): string {
  // Names that begin so are SQLite's own.
  if (pattern.test(table) && !/^sqlite_/i.test(table)) return table
  throw invalidOption(`${dialect}: table`, 'a name of letters, digits and _, up to 48 of them', table)
}
