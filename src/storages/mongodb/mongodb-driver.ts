import type { MongodbClient } from '../../clients/mongodb-client.ts'
import { CacheError } from '../../kernel/errors.ts'

/** How long is waited, in milliseconds. */
export interface MongodbLimits {
  readonly connect: number
  readonly command: number
}

/** A client that we have made, and end. */
export interface OwnMongodbClient extends MongodbClient {
  connect(): Promise<unknown>
  close(): Promise<unknown>
}

/**
 * Makes a client of the package `mongodb`; it isn't connected yet.
 * @throws CacheError `UNSUPPORTED` if the package isn't installed, `INVALID_OPTION` for a URL that the driver refuses
 */
export async function makeMongodbClient(
  url: string,
  poolSize: number,
  { connect, command }: MongodbLimits,
): Promise<OwnMongodbClient> {
  const Client = await loadDriver()
  try {
    return new Client(url, {
      appName: 'tiercel',
      maxPoolSize: poolSize,
      // The driver would wait for half a minute, and for ever on a connection that has gone silent.
      timeoutMS: command,
      serverSelectionTimeoutMS: connect,
      connectTimeoutMS: connect,
    })
  } catch (error) {
    // Without its cause, which may quote the URL.
    const reason = error instanceof Error ? error.message : String(error)
    throw new CacheError('INVALID_OPTION', `mongodb: url: the driver refuses it: ${withoutCredentials(reason, url)}`)
  }
}

type ClientClass = new (url: string, options: Readonly<Record<string, unknown>>) => OwnMongodbClient

async function loadDriver(): Promise<ClientClass> {
  try {
    /* oxlint-disable-next-line typescript/no-unnecessary-type-assertion --
       The words `as string` keep the compiler from looking for types that may not be installed. */
    return ((await import('mongodb' as string)) as { MongoClient: ClientClass }).MongoClient
  } catch (cause) {
    const message = 'mongodb: no driver: expected the package mongodb to be importable: `npm install mongodb`'
    throw new CacheError('UNSUPPORTED', message, { cause })
  }
}

function withoutCredentials(text: string, url: string): string {
  const credentials = /^[^/]*\/\/(.*)@/s.exec(url)?.[1]
  if (credentials === undefined) return text
  const secrets = [credentials, ...credentials.split(':')].filter((secret) => secret !== '')
  return secrets.reduce((cleaned, secret) => cleaned.replaceAll(secret, '…'), text)
}
