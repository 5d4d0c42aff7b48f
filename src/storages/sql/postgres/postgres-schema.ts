import { schemaMark } from '../schema-mark.ts'

/** How a table is kept by the server. */
export type PostgresDurability = 'logged' | 'unlogged'

/**
 * What makes the table and its index. All of it or nothing: the comment is what makes a table ours, and must not come upon
 * somebody else's of the same name.
 */
export function postgresSchema(table: string, durability: PostgresDurability = 'logged'): string {
  return `CREATE ${durability === 'unlogged' ? 'UNLOGGED ' : ''}TABLE "${table}" (
  id bytea PRIMARY KEY,
  key_rest bytea,
  expires_at bigint NOT NULL DEFAULT 0,
  lease_until bigint NOT NULL DEFAULT 0,
  lease_token bytea,
  header bytea,
  payload bytea
);
COMMENT ON TABLE "${table}" IS '${schemaMark}';
CREATE INDEX "${table}_expiring" ON "${table}" (expires_at);
`
}
