import type { Fenced } from './flights.ts'

/** What says whether a write that is no flight, an explicit set, may still fill the copies above the authority. */
export class Fence implements Fenced {
  readonly key: string
  #stands = true

  constructor(key: string) {
    this.key = key
  }

  get fenced(): boolean {
    return this.#stands
  }

  breakFence(): void {
    this.#stands = false
  }
}
