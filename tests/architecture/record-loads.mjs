// Run in a fresh process: imports the file it is given, and prints the address of every module that was loaded.
import * as module from 'node:module'
import { pathToFileURL } from 'node:url'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'

const { port1, port2 } = new MessageChannel()
const loaded = []

if (module.registerHooks) {
  module.registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context)
      loaded.push(found.url)
      return found
    },
  })
} else {
  // Before Node 22.15 hooks run in a thread of their own, and have to tell us.
  const hooks = `
    let port
    export function initialize(given) { port = given }
    export async function resolve(specifier, context, next) {
      const found = await next(specifier, context)
      port.postMessage(found.url)
      return found
    }`
  module.register(`data:text/javascript,${encodeURIComponent(hooks)}`, { data: port2, transferList: [port2] })
}

await import(pathToFileURL(process.argv[2]).href)
for (let told = receiveMessageOnPort(port1); told; told = receiveMessageOnPort(port1)) loaded.push(told.message)
process.stdout.write(JSON.stringify([...new Set(loaded)]))
