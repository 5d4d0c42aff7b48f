// Brings every server that the tests need, and says what there is.
import { isServerHere, serverKinds } from './servers.ts'

for (const kind of serverKinds) {
  const isHere = await isServerHere(kind, { own: true })
  process.stdout.write(`${kind}: ${isHere ? 'here' : 'not here'}\n`)
}
