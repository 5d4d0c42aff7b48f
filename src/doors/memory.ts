export { memory, MemoryCache } from '../local/memory-cache.ts'
export type { MemoryCacheOptions } from '../local/memory-cache.ts'
