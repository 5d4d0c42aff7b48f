import type { Bus, BusListener } from '../contracts/bus.ts'

/**
 * A bus within this process: for tests, and for several caches in one process. What is published is heard a microtask
 * later.
 *
 * @example
 * const bus = memoryBus()
 * const [one, other] = [withBus(sqlite({ path }), bus), withBus(sqlite({ path }), bus)]
 */
export function memoryBus(): Bus {
  const listeners = new Set<BusListener>()
  return {
    type: 'memory',
    join(listener) {
      listeners.add(listener)
      return Promise.resolve({
        publish(text: string) {
          if (!listeners.has(listener)) return Promise.reject(new Error('this seat has been left'))
          queueMicrotask(() => {
            for (const one of listeners) one.message(text)
          })
          return Promise.resolve()
        },
        leave: () => Promise.resolve(void listeners.delete(listener)),
      })
    },
  }
}
