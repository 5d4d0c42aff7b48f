/** Stops listening. */
export type Off = () => void

/**
 * Typed listeners. Nothing is built for an event that nobody listens to: ask {@link Events.wants} before making one.
 * A listener that throws harms nobody but is not passed over in silence: it becomes a process warning.
 */
export class Events<Map extends object> {
  readonly #listeners: { [Name in keyof Map]?: readonly ((event: Map[Name]) => void)[] } = {}

  /** Whether anybody listens to this event. */
  wants(name: keyof Map): boolean {
    return this.#listeners[name] !== undefined
  }

  on<Name extends keyof Map>(name: Name, listener: (event: Map[Name]) => void): Off {
    // A listener may be given twice; each `off` takes away its own.
    const own = (event: Map[Name]): void => listener(event)
    this.#listeners[name] = [...(this.#listeners[name] ?? []), own]
    return () => this.#off(name, own)
  }

  emit<Name extends keyof Map>(name: Name, event: Map[Name]): void {
    for (const listener of this.#listeners[name] ?? []) {
      try {
        listener(event)
      } catch (error) {
        warn(`a listener of '${String(name)}' threw: ${String(error)}`)
      }
    }
  }

  #off<Name extends keyof Map>(name: Name, own: (event: Map[Name]) => void): void {
    const left = (this.#listeners[name] ?? []).filter((listener) => listener !== own)
    if (left.length > 0) this.#listeners[name] = left
    else delete this.#listeners[name]
  }
}

/** Says something that nobody may be listening for. */
export function warn(message: string): void {
  process.emitWarning(message, 'TiercelWarning')
}
