import type { Bus, BusListener } from 'tiercel'

/** A bus in this process with something wrong. */
export interface LossyBus extends Bus {
  /** What it takes, in order. */
  readonly taken: string[]
  /** Everything that matches is taken and never heard. Default: nothing is lost. */
  lose(matches: (text: string) => boolean): void
  /** Refuses what is published. */
  refuse(isRefusing: boolean): void
  /** Neither takes nor refuses what is published. */
  hang(): void
  /** Nobody can join. */
  shut(isShut: boolean | 'hanging'): void
  /** Everybody loses their seat. */
  cut(): void
  /** Says something that nobody on it has said. */
  say(text: string): void
  readonly seatCount: number
}

export function lossyBus(longestMessage?: number): LossyBus {
  const listeners = new Set<BusListener>()
  const taken: string[] = []
  let isLost = (_text: string): boolean => false
  let isRefusing = false
  let isHanging = false
  let isShut: boolean | 'hanging' = false
  const say = (text: string): void =>
    queueMicrotask(() => {
      for (const one of listeners) one.message(text)
    })
  return {
    type: 'lossy',
    ...(longestMessage !== undefined && { longestMessage }),
    taken,
    join(listener) {
      if (isShut === 'hanging') return new Promise(() => undefined)
      if (isShut) return Promise.reject(new Error('shut'))
      listeners.add(listener)
      return Promise.resolve({
        publish(text: string) {
          if (isHanging) return new Promise<void>(() => undefined)
          if (isRefusing || !listeners.has(listener)) return Promise.reject(new Error('refused'))
          taken.push(text)
          if (!isLost(text)) say(text)
          return Promise.resolve()
        },
        leave: () => Promise.resolve(void listeners.delete(listener)),
      })
    },
    lose: (matches) => void (isLost = matches),
    refuse: (refusing) => void (isRefusing = refusing),
    hang: () => void (isHanging = true),
    shut: (shut) => void (isShut = shut),
    cut() {
      const all = [...listeners]
      listeners.clear()
      for (const one of all) one.lost(new Error('cut'))
    },
    say,
    get seatCount() {
      return listeners.size
    },
  }
}
