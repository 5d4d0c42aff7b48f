import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import { type LineProcess, start } from '../storages/processes/line-process.ts'

export interface Place {
  readonly orgId: string
  readonly id: string
}

export interface Item {
  readonly version: number
  readonly team: string
}

/** What a process can be told to do. */
export type Order =
  | { readonly do: 'get'; readonly node: NodeName; readonly place: Place; readonly takes?: number }
  | { readonly do: 'peek'; readonly node: NodeName; readonly place: Place }
  | { readonly do: 'set'; readonly node: NodeName; readonly place: Place; readonly item: Item }
  | { readonly do: 'invalidateKey'; readonly node: NodeName; readonly place: Place }
  | {
      readonly do: 'invalidate'
      readonly selector: {
        readonly tags?: readonly string[]
        readonly scope?: { readonly organization: string }
        readonly pattern?: string
      }
    }
  | { readonly do: 'clear' | 'state' | 'idle' }

export type NodeName = 'item' | 'player'
export type Command = Order & { readonly number: number }

/** Processes over one storage, and the truth that their loads read. */
export interface CoherentFleet {
  /** Starts a process, by a way of its own to the storage or by a clock that is wrong by so many milliseconds. */
  member(options?: { readonly url?: string; readonly clockOffset?: number }): Promise<Member>
  /** Changes what loads that begin from now on will find. */
  tell(version: number): void
  end(): Promise<void>
}

/** A process of a fleet. */
export interface Member {
  /** Tells it something, and waits for its answer. */
  ask(order: Order): Promise<unknown>
  get(node: NodeName, place: Place, takes?: number): Promise<number>
  /** Waits until it is loading a key. */
  isLoading(id: string, version: number): Promise<void>
}

const patience = 20_000

export async function coherentFleet(url: string): Promise<CoherentFleet> {
  const folder = await mkdtemp(join(tmpdir(), 'tiercel-coherence-'))
  const truth = join(folder, 'truth')
  const prefix = `coherent-${randomUUID().slice(0, 8)}`
  const running: LineProcess[] = []
  const tell = (version: number): void => writeFileSync(truth, String(version))
  tell(1)
  return {
    tell,
    async member(options = {}) {
      const parameters = [options.url ?? url, prefix, truth, String(options.clockOffset ?? 0)]
      const process = start('../../features/processes/coherent-member', ...parameters)
      running.push(process)
      await process.said(1)
      const member = memberOf(process)
      await eventually(async () => expect(await member.ask({ do: 'state' })).not.toBe('catching up'))
      return member
    },
    async end() {
      await Promise.all(running.map((one) => one.kill()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Tries until it holds; then it held within the time. */
export async function eventually(holds: () => Promise<void>, within = patience): Promise<void> {
  const began = performance.now()
  for (;;) {
    try {
      return await holds()
    } catch (error) {
      if (performance.now() - began > within) throw error
    }
    await sleep(5)
  }
}

function memberOf(process: LineProcess): Member {
  let count = 0
  const find = async (wanted: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>> => {
    let found: Record<string, unknown> | undefined
    await eventually(() => {
      found = process.lines
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .find(wanted)
      return found === undefined ? Promise.reject(new Error('it has not said so')) : Promise.resolve()
    })
    return found ?? {}
  }
  const ask = async (order: Order): Promise<unknown> => {
    const number = ++count
    process.tell(JSON.stringify({ ...order, number }))
    const { answer, error } = await find((line) => line['to'] === number)
    if (typeof error === 'string') throw new Error(error)
    return answer
  }
  return {
    ask,
    get: async (node, place, takes = 0) => Number(await ask({ do: 'get', node, place, takes })),
    async isLoading(id, version) {
      await find((line) => line['loading'] === id && line['version'] === version)
    },
  }
}
