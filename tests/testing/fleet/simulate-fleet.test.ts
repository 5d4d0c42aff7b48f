import { expect, test } from 'vitest'
import { simulateFleet } from 'tiercel/testing'
import { mutants } from './mutants.ts'
import { mutated } from './mutated.ts'

const seeds = Number(process.env['TIERCEL_FLEET_SEEDS'] ?? 2_000)
const chunk = 200

const counts = { readCount: 0, refusedWriteCount: 0, brokenFenceCount: 0, verifiedCopyCount: 0 }

test.each(Array.from({ length: Math.ceil(seeds / chunk) }, (_, index) => index * chunk))(
  'fleets keep what is promised, from seed %i',
  async (from) => {
    for (let seed = from; seed < Math.min(from + chunk, seeds); seed++) {
      const { violations, ...report } = await simulateFleet({ seed })
      expect(violations, `seed ${seed}: npm run soak -- --seed ${seed}`).toEqual([])
      for (const name of Object.keys(counts) as (keyof typeof counts)[]) counts[name] += report[name]
    }
  },
  120_000,
)

test('in them writes were refused, fences broken and copies verified', () => {
  process.stdout.write(`${seeds} fleets: ${JSON.stringify(counts)}\n`)
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(seeds / 10)
})

test('the same seed tells the same story', async () => {
  const storyOf = async (seed: number): Promise<readonly string[]> => {
    const story: string[] = []
    await simulateFleet({ seed, tell: (sentence) => story.push(sentence) })
    return story
  }
  const first = await storyOf(17)
  expect(first.length).toBeGreaterThan(20)
  expect(await storyOf(17)).toEqual(first)
  expect(await storyOf(18)).not.toEqual(first)
})

test.each(mutants)(
  'a fleet without this guard is found out: $name',
  async ({ mutations, fleet }) => {
    const testing = await mutated(mutations)
    let found: number | undefined
    for (let seed = 0; seed < 4_000 && found === undefined; seed++) {
      const { violations } = await testing.simulateFleet({ seed, ...fleet })
      if (violations.length > 0) found = seed
    }
    expect(found).toBeDefined()
    // It is the missing guard, not the fleet.
    const { violations } = await simulateFleet({ seed: found ?? 0, ...fleet })
    expect(violations).toEqual([])
  },
  120_000,
)

test('a mutant whose place is gone from the sources is no mutant', async () => {
  const gone = mutated([{ file: 'core/write.ts', from: 'what nobody wrote', to: '' }])
  await expect(gone).rejects.toThrow('0 times, not once')
})
