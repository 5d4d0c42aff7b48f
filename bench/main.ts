import { parseArgs } from 'node:util'

const benches: Readonly<Record<string, { readonly about: string; readonly load: () => Promise<Bench> }>> = {
  memory: {
    about: 'the in-process cache: hit ratios, speed, footprint, beside its peers',
    load: () => import('./memory.ts'),
  },
  coherence: {
    about: 'what invalidation, tags and feeds cost, on a Redis server',
    load: () => import('./coherence.ts'),
  },
  storages: {
    about: 'every storage on a real server, beside its own client doing the same by hand',
    load: () => import('./storages.ts'),
  },
  tags: { about: 'what tags cost a hit, in memory and on Redis', load: () => import('./tags.ts') },
  road: { about: 'a memory hit through a node, against lru-cache', load: () => import('./road.ts') },
}

/** A bench: a file beside this one. */
interface Bench {
  run(parameters: readonly string[]): Promise<void>
}

const help = `Benchmarks. Ratios within one run, medians of interleaved rounds; absolute times mean nothing.

Usage: npm run bench -- <name> [options]

${Object.entries(benches)
  .map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`)
  .join('\n')}

Example: npm run bench -- road
`

const { positionals, values } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: { help: { type: 'boolean', short: 'h' } },
})
const [name = ''] = positionals
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined
if (bench !== undefined) {
  const loaded = await bench.load()
  await loaded.run(process.argv.slice(3))
} else {
  console.log(help)
  if (values['help'] !== true) {
    console.error(name === '' ? 'Say which.' : `There is no bench '${name}'.`)
    process.exitCode = 2
  }
}
