import type { Storage } from '../contracts/storage.ts'
import { Lifecycle } from './lifecycle.ts'

/** A storage that keeps nothing: everything is a miss. For turning a tier off without changing the program. */
export function nullStorage(): Storage {
  const life = new Lifecycle('null', {
    open: () => Promise.resolve({}),
    close: () => Promise.resolve(),
  })
  return {
    kind: 'host',
    type: 'null',
    capabilities: {},
    open: () => life.run(() => undefined),
    getMany: (keys) => life.run(() => keys.map(() => undefined)),
    setMany: () => life.run(() => undefined),
    expireMany: () => life.run(() => undefined),
    deleteMany: () => life.run(() => 0),
    clear: () => life.run(() => undefined),
    close: () => life.close(),
  }
}
