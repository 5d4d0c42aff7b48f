export { memory, MemoryCache } from '../local/memory-cache.ts'
export type { MemoryCacheOptions } from '../local/memory-cache-options.ts'
export { CacheError } from '../kernel/errors.ts'
