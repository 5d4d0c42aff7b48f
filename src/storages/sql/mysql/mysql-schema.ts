import { schemaMark } from '../schema-mark.ts'

/** What makes the table. Nothing in it is text, so no character set and no collation has a say. */
export function mysqlSchema(table: string): string {
  return `CREATE TABLE \`${table}\` (
  id VARBINARY(255) NOT NULL PRIMARY KEY,
  key_rest LONGBLOB,
  expires_at BIGINT NOT NULL DEFAULT 0,
  lease_until BIGINT NOT NULL DEFAULT 0,
  lease_token VARBINARY(255),
  header BLOB,
  payload LONGBLOB,
  KEY \`${table}_expiring\` (expires_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC COMMENT='${schemaMark}';
`
}
