// Writes the golden files that are missing, and never touches one that is there.
import { writeFileSync } from 'node:fs'
import { currentVersion, goldenCases } from './cases.ts'
import { goldenNames, goldenPath, storedToday } from './files.ts'

const there = goldenNames()
const missing = goldenCases.filter(({ name }) => name.startsWith(`${currentVersion}-`) && !there.includes(name))
for (const golden of missing) writeFileSync(goldenPath(golden.name), storedToday(golden), { flag: 'wx' })
process.stdout.write(`${missing.length} written, ${there.length} were there\n`)
