import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CacheError } from 'tiercel'
import { framed } from './frame.ts'
import { GitError } from './git.ts'
import type { Heads } from './heads.ts'
import type { ExplorerCache, Nodes } from './nodes.ts'
import { Visit } from './origin.ts'
import { messagePage, statsPage } from './pages.ts'
import type { Repository } from './repository.ts'
import { NoSuchPage, pageAt } from './routes.ts'

/** What is served. */
export interface Shown {
  readonly repository: Repository
  readonly cache: ExplorerCache
  readonly nodes: Nodes
  readonly heads: Heads
}

/**
 * Serves a repository's pages to this machine.
 * @throws Error with one clear line if the port is taken
 */
export async function serve(shown: Shown, port: number): Promise<Server> {
  const server = createServer((request, response) => void answer(shown, request, response))
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new Error(code === 'EADDRINUSE' ? `port ${port} is in use: choose another, or none` : message, {
      cause: error,
    })
  }
  return server
}

/** Where a server listens. */
export function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function answer(shown: Shown, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const started = performance.now()
  const gone = new AbortController()
  response.on('close', () => gone.abort(new Error('the reader has gone')))
  const { repository, cache, nodes, heads } = shown

  try {
    // A page elsewhere that gives this machine a name of its own must not read the repository through it.
    if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? ''))
      return send(403, 'Not here', 'Ask for 127.0.0.1.')
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'Read only', 'Pages can only be read.')
    const url = new URL(`http://127.0.0.1${request.url ?? '/'}`)
    if (url.pathname === '/stats') {
      const content = statsPage(cache.stats(), repository.processCount)
      return reply(200, framed({ repository, title: 'Statistics', content, refreshEvery: 2 }))
    }
    const visit = new Visit(gone.signal)
    const { title, content } = await pageAt(url, { nodes, heads: heads.current }, visit)
    const milliseconds = performance.now() - started
    const answered = visit.origin && { origin: visit.origin, milliseconds }
    if (visit.origin !== undefined)
      response.setHeader('server-timing', `${visit.origin};dur=${milliseconds.toFixed(3)}`)
    reply(200, framed({ repository, title, content, answered }))
  } catch (error) {
    if (!gone.signal.aborted) fail(error)
  }

  function fail(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error)
    if (error instanceof NoSuchPage || (error instanceof GitError && error.exitCode === 128)) {
      send(404, 'Not found', message)
    } else if (error instanceof CacheError && error.code === 'LOAD_TIMEOUT') {
      send(504, 'Too slow', 'git took too long over this page.')
    } else send(500, 'Something went wrong', message)
  }

  function send(status: number, title: string, message: string): void {
    reply(status, framed({ repository, title, content: messagePage(message) }))
  }

  function reply(status: number, text: string): void {
    response.writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-length': Buffer.byteLength(text),
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    })
    response.end(request.method === 'HEAD' ? undefined : text)
  }
}
