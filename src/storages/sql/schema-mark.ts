import { CacheError } from '../../kernel/errors.ts'

const version = 1

/**
 * What the definition or the comment of each table of ours says: so that one of the same name that isn't ours, or is of
 * a later Tiercel, is recognised without a second table.
 */
export const schemaMark: string = `tiercel entries, version ${version}`

/**
 * Looks for the mark in what a database says of a table.
 * @throws CacheError `INVALID_OPTION` if the table isn't one that this code can use
 */
export function checkMark(dialect: string, table: string, found: string): void {
  const mark = /tiercel entries, version (\d+)/.exec(found)
  if (mark === null) {
    throw new CacheError(
      'INVALID_OPTION',
      `${dialect}: the database has a table ${JSON.stringify(table)} that is not a cache of Tiercel: give another \`table\``,
    )
  }
  if (Number(mark[1]) === version) return
  throw new CacheError(
    'INVALID_OPTION',
    `${dialect}: the table ${JSON.stringify(table)} has the schema of version ${mark[1]}, and only ${version} is known: ` +
      'give another `table`, or use the Tiercel that made it',
  )
}

/** The error for a table that isn't there, and that nobody but the program's owner may make. */
export function tableMissing(dialect: string, table: string): CacheError {
  return new CacheError(
    'INVALID_OPTION',
    `${dialect}: there is no table ${JSON.stringify(table)}: make it (\`tiercel schema ${dialect} --table ${table}\` ` +
      'prints how), or leave out `createSchema: false`',
  )
}
