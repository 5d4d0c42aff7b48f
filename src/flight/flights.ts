/** What the table has to know of a flight. */
export interface Fenced {
  readonly key: string
  readonly fenced: boolean
  /** Nobody may join it any more, though it may write. */
  readonly closed?: boolean
  breakFence(): void
}

/** The flights under way: at most one for a key. */
export class Flights<Kind extends Fenced> {
  readonly #flights = new Map<string, Kind>()

  get size(): number {
    return this.#flights.size
  }

  /** The flight a new caller of this key can join. */
  get(key: string): Kind | undefined {
    const flight = this.#flights.get(key)
    return flight?.fenced === true && flight.closed !== true ? flight : undefined
  }

  /** Puts a flight on the table; one that was there before is overtaken, and may no longer write. */
  start(flight: Kind): void {
    this.#flights.get(flight.key)?.breakFence()
    this.#flights.set(flight.key, flight)
  }

  /** Takes a flight off the table. The key may belong to a younger flight by then; that one stays. */
  finish(flight: Kind): void {
    if (this.#flights.get(flight.key) === flight) this.#flights.delete(flight.key)
  }

  /** Breaks the fence of a key's flight and detaches it. @returns whether it stood */
  break(key: string): boolean {
    const flight = this.#flights.get(key)
    if (flight === undefined) return false
    const stood = flight.fenced
    this.#flights.delete(key)
    flight.breakFence()
    return stood
  }

  /** Breaks the fences of all flights whose key starts with `head`. */
  breakUnder(head: string): void {
    this.breakWhere(({ key }) => key.startsWith(head))
  }

  /** Breaks the fences of all flights of a kind, and detaches them. */
  breakWhere(isMeant: (flight: Kind) => boolean): void {
    for (const flight of this.#flights.values()) if (isMeant(flight)) this.break(flight.key)
  }

  /** The flights that are on the table. It may be changed meanwhile. */
  values(): IterableIterator<Kind> {
    return this.#flights.values()
  }
}
