/** How a connection is secured: what of the options of Node's `tls.connect` a program may want to say. */
export interface TlsOptions {
  /** Certificates of those who are trusted, as PEM. Default: those that Node comes with. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[]
  /** Our own certificate, as PEM, for servers that ask for one. */
  readonly cert?: string | Uint8Array
  /** The key of our certificate, as PEM. */
  readonly key?: string | Uint8Array
  /** What the key is encrypted with. */
  readonly passphrase?: string
  /** The name the server must have in its certificate, where it isn't the host. */
  readonly servername?: string
  /** Whether a server whose certificate isn't trusted is refused. Default true; `false` is for trying things out. */
  readonly rejectUnauthorized?: boolean
}
