/** The other side says what memcached doesn't say. The connection is of no use after that. */
export class ProtocolError extends Error {
  /** @param what what came instead of an answer */
  constructor(what: string) {
    super(`not an answer of memcached: ${what}`)
  }
}
