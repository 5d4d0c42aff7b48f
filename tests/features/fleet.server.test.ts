import { describe } from 'vitest'
import { isServerHere, serverKinds, useServer } from '../servers/servers.ts'
import { fleetTests } from './fleet.ts'

for (const kind of serverKinds) {
  describe.skipIf(!(await isServerHere(kind)))(`of processes that share a ${kind} server`, () => {
    const server = useServer(kind)
    fleetTests(() => server.url)
  })
}
