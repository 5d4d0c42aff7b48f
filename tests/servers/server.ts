/** The servers that tests run against. */
export type ServerKind = 'redis' | 'redis-cluster' | 'memcached' | 'postgres' | 'mysql' | 'mongodb'

/** A server that a test started, and what can be done to it. */
export interface Server {
  /** Where clients find it. Stays the same across `restart`. */
  readonly url: string
  readonly port: number
  /** Ends it at once, as a crash would, and waits until it is gone. */
  kill(): Promise<void>
  /** Starts it again where it was, after `kill`; answers when it takes connections. */
  restart(): Promise<void>
  /** Stops all its processes in their tracks: connections stay open, and nothing answers. */
  freeze(): void
  /** The end of `freeze`. */
  thaw(): void
  /** Ends it, and takes its data away. Idempotent. */
  stop(): Promise<void>
}

/** How a server is to be started. */
export interface StartOptions {
  /** Further arguments for the server's own command line. */
  readonly args?: readonly string[]
}

/** How servers of one kind come up on this machine. */
export interface Launcher {
  /** The environment variable that names a running server instead. */
  readonly variable: string
  /** Whether a server of this kind can be started here, as things stand. */
  isHere(): boolean
  /** Brings what is missing. @throws if that can't be done on this machine, saying why */
  install(): Promise<void>
  start(options: StartOptions): Promise<Server>
}
