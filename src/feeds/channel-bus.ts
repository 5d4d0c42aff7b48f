import { BroadcastChannel } from 'node:worker_threads'
import type { Bus } from '../contracts/bus.ts'
import { invalidOption } from '../kernel/errors.ts'

/**
 * A bus between the threads of one process, over a `BroadcastChannel`.
 *
 * @param name of the channel; whoever gives the same is on the same bus
 * @throws CacheError `INVALID_OPTION`
 */
export function channelBus(name = 'tiercel:bus'): Bus {
  if (typeof name !== 'string' || name === '') throw invalidOption('channelBus: name', 'the name of a channel', name)
  return {
    type: 'channel',
    join(listener) {
      // A channel doesn't hear itself, so it takes two.
      const [ear, mouth] = [new BroadcastChannel(name), new BroadcastChannel(name)]
      ear.unref()
      mouth.unref()
      const hear = (event: object): void => listener.message(String((event as { readonly data?: unknown }).data))
      ear.addEventListener('message', hear)
      ear.addEventListener('messageerror', () => listener.lost(new Error('a message could not be read')))
      return Promise.resolve({
        async publish(text: string) {
          // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no origins
          await Promise.resolve(mouth.postMessage(text))
        },
        leave() {
          ear.close()
          mouth.close()
          return Promise.resolve()
        },
      })
    },
  }
}
