// Lets Node run our TypeScript as plainly as the published package runs: types taken away, nothing put in.
// (Other runners wrap every function to keep its name, which benches would measure.)
import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)
