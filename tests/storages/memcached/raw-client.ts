import { createConnection } from 'node:net'
import { once } from 'node:events'

/** Speaks with a memcached by hand, to look at it and to put things into it behind everybody's back. */
export async function speak(port: number, text: string | Buffer): Promise<string> {
  const socket = createConnection({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.write(text)
  socket.write('mn\r\n')
  const chunks: Buffer[] = []
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    if (Buffer.concat(chunks).toString('latin1').endsWith('MN\r\n')) break
  }
  socket.destroy()
  return Buffer.concat(chunks).toString('latin1').slice(0, -'MN\r\n'.length)
}

/** Puts a value under a name, as another program would. */
export async function put(port: number, name: string, value: Uint8Array | string, flags: number = 0): Promise<void> {
  const line = Buffer.from(`ms ${name} ${Buffer.byteLength(value)} F${flags}\r\n`)
  await speak(port, Buffer.concat([line, Buffer.from(value), Buffer.from('\r\n')]))
}

/** What stands under a name, as text in latin1; `undefined` if nothing does. */
export async function take(port: number, name: string): Promise<string | undefined> {
  const answer = await speak(port, `mg ${name} v\r\n`)
  return answer.startsWith('VA') ? answer.slice(answer.indexOf('\r\n') + 2, -2) : undefined
}
