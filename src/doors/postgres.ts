export { postgres, type PostgresOptions } from '../storages/sql/postgres/postgres.ts'
export { postgresBus, type PostgresBusOptions, type PostgresBusTarget } from '../storages/sql/postgres/postgres-bus.ts'
export type { PostgresConnection } from '../storages/sql/postgres/postgres-source.ts'
export type { PostgresStatements } from '../storages/sql/postgres/postgres-dialect.ts'
export type { PostgresDurability } from '../storages/sql/postgres/postgres-schema.ts'
export type { LimitOptions, ServerOptions } from '../storages/sql/server/server-options.ts'
export type {
  PostgresAnswer,
  PostgresClient,
  PostgresNotification,
  PostgresPool,
  PostgresPoolClient,
  PostgresQuery,
} from '../clients/postgres-client.ts'
