import { simulatedPolicies } from '../simulator/simulated-policies.ts'
import { traceFormats } from '../simulator/traces/formats.ts'

export const simulateHelp: string = `tiercel simulate TRACE… [options]

Replays traces of requests through caches of several policies and sizes, read-through from cold (a get, and on a miss
a set), and shows how many requests found their key.

A TRACE is a file, - for standard input, or zipf:EXPONENT:KEYS:REQUESTS[:SEED] for a made-up one. Files may be gzipped,
and larger than memory.

  --sizes LIST      entries (1000, 10k, 2M) or parts of the different keys (5%);
                    without: 0.1%,0.2%,0.5%,1%,2%,5%,10%,20%,50%
  --policies LIST   some of ${simulatedPolicies.join(', ')}; without: all
  --no-opt          without the optimum, which takes 4 bytes of memory a request
  --format NAME     ${traceFormats.join(', ')}; without: guessed
                    lines   a key in every line
                    csv     a key in one column, see --column
                    log     what a web server writes, in common or combined log format
                    u32     little-endian 32-bit numbers
                    arc     the traces of ARC: block, count, and two numbers more
                    lirs    the traces of LIRS: a block in every line, and stars
                    oracle  libCacheSim's oracleGeneral
  --column COLUMN   the column with the key: its name in the first line, or its number
  --limit COUNT     only the first requests (100k, 2M)
  --strict          refuse a trace with a line that can't be read; else such lines are left out and counted
  --seed NUMBER     for what is left to chance; the same seed gives the same figures
  --csv FILE        write the figures as CSV; - for standard output, and nothing else is written there then
  --json FILE       write them as JSON
  --svg FILE        draw the curves as SVG
  --no-plot         only the table
  --quiet, -q       no progress on standard error

Examples
  tiercel simulate access.log --sizes 1k,10k,100k
  tiercel simulate requests.csv.gz --column user_id --policies lru,tinylfu,opt --svg curves.svg
  tiercel simulate zipf:0.9:100000:1000000 --sizes 1%,5%,10%
  zcat keys.gz | tiercel simulate - --format lines --json - > figures.json

Exit code 0: done; 1: a trace could not be read; 2: the command makes no sense.
`
