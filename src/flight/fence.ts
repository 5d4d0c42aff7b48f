import type { Fenced } from './flights.ts'

/** Says whether something may still be written: an invalidation breaks it. */
export class Fence<Errand> implements Fenced {
  readonly key: string
  readonly errand: Errand
  #fenced = true

  constructor(key: string, errand: Errand) {
    this.key = key
    this.errand = errand
  }

  get fenced(): boolean {
    return this.#fenced
  }

  breakFence(): void {
    this.#fenced = false
  }
}
