export { memcached, type MemcachedOptions } from '../storages/memcached/memcached.ts'
export type { TlsOptions } from '../clients/tls-options.ts'
