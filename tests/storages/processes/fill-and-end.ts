// Brings what it has loaded, waits for nothing, closes nothing, and comes to its end.
import { file } from '../../../src/storages/file/file.ts'
import { sqlite } from '../../../src/storages/sql/sqlite/sqlite.ts'
import { claim, fulfil, item } from '../items.ts'

const [path = '', directory = ''] = process.argv.slice(2)
const storage = sqlite({ path })
await claim(storage, 'a', 'mine')
void fulfil(storage, 'a', 'mine')
void file({ directory }).setMany([item('a')])
