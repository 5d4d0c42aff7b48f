import { parseArgs } from 'node:util'
import { type FleetReport, simulateFleet } from '../src/doors/testing.ts'

/*
 * Runs fleets, many of them, and says what they did not keep.
 *
 *   npm run soak -- --seeds 100000        fleets from seed 0 on; --from begins elsewhere
 *   npm run soak -- --seed 7              one fleet, with its story
 */

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
    steps: { type: 'string', default: '60' },
  },
})
const steps = Number(values.steps)

if (values.seed === undefined) await soak(Number(values.from), Number(values.seeds))
else judge([await simulateFleet({ seed: Number(values.seed), steps, tell: (sentence) => console.log(sentence) })])

async function soak(from: number, seeds: number): Promise<void> {
  const reports: FleetReport[] = []
  const began = performance.now()
  for (let seed = from; seed < from + seeds; seed++) {
    const report = await simulateFleet({ seed, steps })
    reports.push(report)
    for (const violation of report.violations) console.log(`seed ${seed}: ${violation}`)
    if ((seed - from + 1) % 1_000 === 0) {
      const seconds = (performance.now() - began) / 1_000
      console.log(`${seed - from + 1} fleets, ${((seed - from + 1) / seconds).toFixed(0)} a second`)
    }
  }
  judge(reports)
}

function judge(reports: readonly FleetReport[]): void {
  const sum = (count: (report: FleetReport) => number): number => reports.reduce((total, one) => total + count(one), 0)
  const failed = reports.filter(({ violations }) => violations.length > 0)
  console.log(
    [
      `${reports.length} fleets, ${sum((one) => one.readCount)} reads`,
      `${sum((one) => one.refusedWriteCount)} writes refused`,
      `${sum((one) => one.brokenFenceCount)} fences broken by a feed`,
      `${sum((one) => one.verifiedCopyCount)} copies verified`,
      `${failed.length} fleets that did not keep what is promised`,
    ].join('\n'),
  )
  for (const { seed, violations } of failed) console.log(`npm run soak -- --seed ${seed}   # ${violations[0]}`)
  if (failed.length > 0) process.exitCode = 1
}
