import { parseArgs } from 'node:util'
import { CacheError, invalidOption } from '../kernel/errors.ts'
import { checkCollectionName, checkDatabaseName } from '../storages/mongodb/mongodb-names.ts'
import { mongodbSchema } from '../storages/mongodb/mongodb-schema.ts'
import { schemaOf } from '../storages/sql/schema.ts'
import type { Terminal } from './terminal.ts'

/** `tiercel schema`: prints what a storage would make in a database, for who makes it by hand. */
export function schemaCommand(parameters: readonly string[], terminal: Terminal): void {
  const { values, positionals } = parse(parameters)
  if (values.help === true) return terminal.out(help)
  const [name, ...more] = positionals
  const known = `one of ${Object.keys(dialects).join(', ')}`
  if (name === undefined) throw new CacheError('INVALID_OPTION', `name a dialect: ${known}; see tiercel schema --help`)
  if (more.length > 0) throw invalidOption('DIALECT', 'a single one', positionals.join(' '))
  const dialect = Object.hasOwn(dialects, name) ? dialects[name] : undefined
  if (dialect === undefined) throw invalidOption('DIALECT', known, name)
  for (const option of Object.keys(values)) {
    if (dialect.options.includes(option)) continue
    throw invalidOption(
      `--${option}`,
      `only ${dialect.options.map((one) => `--${one}`).join(', ')} for ${name}`,
      option,
    )
  }
  terminal.out(dialect.schemaOf(values))
}

/** What can be printed: which options it takes, and how they become a script. */
interface Dialect {
  readonly options: readonly string[]
  /** @throws CacheError `INVALID_OPTION` for names that the database, or the storage, would refuse */
  readonly schemaOf: (values: Values) => string
}

type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values']

const options = {
  help: { type: 'boolean', short: 'h' },
  table: { type: 'string' },
  unlogged: { type: 'boolean' },
  database: { type: 'string' },
  collection: { type: 'string' },
} as const

const sqlite: Dialect = {
  options: ['table'],
  schemaOf: ({ table }) => schemaOf('sqlite', { table }),
}

const postgres: Dialect = {
  options: ['table', 'unlogged'],
  schemaOf: ({ table, unlogged }) =>
    schemaOf('postgres', { table, durability: unlogged === true ? 'unlogged' : 'logged' }),
}

const mysql: Dialect = {
  options: ['table'],
  schemaOf: ({ table }) => schemaOf('mysql', { table }),
}

const mongodb: Dialect = {
  options: ['database', 'collection'],
  schemaOf: ({ database = 'tiercel', collection = 'tiercel' }) =>
    mongodbSchema(checkDatabaseName(database), checkCollectionName(collection)),
}

const dialects: Readonly<Record<string, Dialect>> = {
  sqlite,
  postgres,
  postgresql: postgres,
  mysql,
  mariadb: mysql,
  mongodb,
}

const help = `tiercel schema DIALECT [options]

Prints what a storage makes in its database when it opens, for where it may not (createSchema: false): SQL, or a script for
mongosh.

  DIALECT           sqlite, postgres, mysql, mariadb, or mongodb
  --table NAME      the table; without: tiercel
  --unlogged        postgres: faster to write, and emptied by a crash of the server
  --database NAME   mongodb: the database; without: tiercel
  --collection NAME mongodb: the collection; without: tiercel

Examples
  tiercel schema postgres --table pages | psql shop
  tiercel schema mysql | mysql shop
  tiercel schema sqlite --table pages | sqlite3 cache.db
  tiercel schema mongodb --database shop --collection pages | mongosh mongodb://localhost

Exit code 0: done; 2: the command makes no sense.
`

function parse(
  parameters: readonly string[],
): ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>> {
  try {
    return parseArgs({ args: [...parameters], options, allowPositionals: true })
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    // The first sentence says what is wrong, the others how to escape it.
    const [what = ''] = error.message.split(/\. |\n/)
    throw new CacheError('INVALID_OPTION', `${what}; see tiercel schema --help`, { cause: error })
  }
}
