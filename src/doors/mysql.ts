export { mysql, type MysqlOptions } from '../storages/sql/mysql/mysql.ts'
export type { MysqlDatabase } from '../storages/sql/mysql/mysql-source.ts'
export type { LimitOptions, ServerOptions } from '../storages/sql/server/server-options.ts'
export type { MysqlCallbackPool, MysqlConnection, MysqlPool, MysqlStatement } from '../clients/mysql-client.ts'
