export { memcached, type MemcachedOptions } from '../storages/memcached/memcached.ts'
