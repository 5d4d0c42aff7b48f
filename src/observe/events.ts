/** Stops listening. */
export type Off = () => void

/**
 * Typed listeners. Nothing is built for an event that nobody listens to: ask {@link Events.wanted} before making one.
 * A listener that throws or rejects harms nobody but is not passed over in silence: it becomes a process warning.
 */
export class Events<Map extends object> {
  readonly #listeners: { [Name in keyof Map]?: readonly ((event: Map[Name]) => void)[] } = {}

  /** Whether anybody listens to an event, as a plain property: it is looked at on the road of every read. */
  readonly wanted: { [Name in keyof Map]?: true } = {}

  on<Name extends keyof Map>(name: Name, listener: (event: Map[Name]) => void): Off {
    // A listener may be given twice; each `off` takes away its own.
    const own = (event: Map[Name]): void => listener(event)
    this.#listeners[name] = [...(this.#listeners[name] ?? []), own]
    this.wanted[name] = true
    return () => this.#off(name, own)
  }

  emit<Name extends keyof Map>(name: Name, event: Map[Name]): void {
    const failed = (error: unknown): void => warn(`a listener of '${String(name)}' threw: ${String(error)}`)
    for (const listener of this.#listeners[name] ?? []) {
      try {
        // The types say that listeners answer nothing, and let an async one pass.
        const answer: unknown = listener(event)
        if (answer instanceof Promise) answer.catch(failed)
      } catch (error) {
        failed(error)
      }
    }
  }

  #off<Name extends keyof Map>(name: Name, own: (event: Map[Name]) => void): void {
    const left = (this.#listeners[name] ?? []).filter((listener) => listener !== own)
    this.#listeners[name] = left
    if (left.length === 0) delete this.wanted[name]
  }
}

/** Says something that nobody may be listening for. */
export function warn(message: string): void {
  process.emitWarning(message, 'TiercelWarning')
}
