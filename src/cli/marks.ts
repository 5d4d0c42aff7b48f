import type { SimulatedPolicy } from '../simulator/simulated-policies.ts'
import type { Colour } from './terminal.ts'

export const colourOf: Readonly<Record<SimulatedPolicy, Colour>> = {
  opt: 'gray',
  tinylfu: 'redBright',
  lru: 'blue',
  fifo: 'white',
  lfu: 'cyan',
  sieve: 'yellow',
  s3fifo: 'green',
  arc: 'magenta',
}

/** Tells a curve from the others where there are no colours. */
export const markOf: Readonly<Record<SimulatedPolicy, string>> = {
  opt: '×',
  tinylfu: '●',
  lru: '■',
  fifo: '□',
  lfu: '△',
  sieve: '◆',
  s3fifo: '▲',
  arc: '○',
}
