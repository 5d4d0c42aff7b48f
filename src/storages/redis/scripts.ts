import { createHash } from 'node:crypto'

/** A program that the server runs as one step. */
export interface Script {
  readonly source: string
  /** By which the server knows it, once it has seen it. */
  readonly digest: string
  /** Whether each key is followed by that of its lease. */
  readonly hasLeases: boolean
}

/*
 * Each works on many keys at once, all of one slot: `KEYS` has an entry and its lease for each, or just a marker. What
 * else it needs stands in `ARGV`, so many words for each. A life is in milliseconds, or empty for ever.
 */

const keep = `
local function keep(key, value, life)
  if life == '' then redis.call('SET', key, value)
  elseif life == '0' then redis.call('DEL', key)
  else redis.call('SET', key, value, 'PX', life) end
end
`

// What somebody else has put there may be of another type.
const read = `
local function read(key)
  local value = redis.pcall('GET', key)
  return type(value) == 'string' and value
end
`

const now = `
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`

/** token, life, '1' for force → the time, and for each whether it was won and what stands there. */
export const claimScript: Script = entryScript(`
${read}${now}
local answer = { now() }
for i = 1, #KEYS / 2 do
  local key, lease = KEYS[2 * i - 1], KEYS[2 * i]
  local token, life, force = ARGV[3 * i - 2], ARGV[3 * i - 1], ARGV[3 * i]
  local won
  if force == '1' then won = redis.call('SET', lease, token, 'PX', life)
  else won = redis.call('SET', lease, token, 'PX', life, 'NX') end
  answer[2 * i] = won and 1 or 0
  answer[2 * i + 1] = read(key)
end
return answer
`)

/** token, life → 1 for each that stood */
export const renewScript: Script = entryScript(`
local answer = {}
for i = 1, #KEYS / 2 do
  local stood = redis.call('GET', KEYS[2 * i]) == ARGV[2 * i - 1]
  if stood then redis.call('PEXPIRE', KEYS[2 * i], ARGV[2 * i]) end
  answer[i] = stood and 1 or 0
end
return answer
`)

/** token, life, value → 1 for each that was written */
export const fulfilScript: Script = entryScript(`
${keep}
local answer = {}
for i = 1, #KEYS / 2 do
  local key, lease = KEYS[2 * i - 1], KEYS[2 * i]
  local stood = redis.call('GET', lease) == ARGV[3 * i - 2]
  if stood then
    keep(key, ARGV[3 * i], ARGV[3 * i - 1])
    redis.call('DEL', lease)
  end
  answer[i] = stood and 1 or 0
end
return answer
`)

/** token */
export const releaseScript: Script = entryScript(`
for i = 1, #KEYS / 2 do
  if redis.call('GET', KEYS[2 * i]) == ARGV[i] then redis.call('DEL', KEYS[2 * i]) end
end
return {}
`)

/**
 * Makes entries stale, as `staleHeader` does: two bytes for the length of the header, then the header, which is of
 * version 1 or none we know. The last two of its moments are patched in place.
 */
export const expireScript: Script = entryScript(`
${now}
local never = 4294967295
local function moment(head, from)
  local high, low = struct.unpack('>I4I4', head, from)
  return high ~= never and high * 4294967296 + low
end
local function packed(moment)
  if not moment then return string.rep('\\255', 8) end
  return struct.pack('>I4I4', math.floor(moment / 4294967296), moment % 4294967296)
end
local at = now()
for i = 1, #KEYS / 2 do
  local key = KEYS[2 * i - 1]
  redis.call('DEL', KEYS[2 * i])
  local head = redis.pcall('GETRANGE', key, 0, 33)
  if type(head) ~= 'string' or #head < 34 or string.sub(head, 1, 6) ~= '\\0\\32TC\\1\\0' then
    redis.call('DEL', key)
  else
    local stale, expired = moment(head, 19), moment(head, 27)
    if not stale or stale > at then
      if stale and expired then expired = at + expired - stale end
      redis.call('SETRANGE', key, 18, packed(at) .. packed(expired))
      if expired then
        local left, life = expired - at, redis.call('PTTL', key)
        if life < 0 or life > left then redis.call('PEXPIRE', key, left) end
      end
    end
  end
end
return {}
`)

const marker = `
local function marker(key)
  local value = read(key)
  if not value or #value < 2 then return nil end
  local length = 2 + struct.unpack('>I2', value)
  if #value < length then return nil end
  return value, length
end
`

/** life, value → what stands there now */
export const ensureScript: Script = markerScript(`
${read}${keep}${marker}
local answer = {}
for i = 1, #KEYS do
  local key, life, value = KEYS[i], ARGV[2 * i - 1], marker(KEYS[i])
  if not value then
    value = ARGV[2 * i]
    keep(key, value, life)
  else
    local left = redis.call('PTTL', key)
    if left >= 0 and life == '' then redis.call('PERSIST', key)
    elseif left >= 0 and left < tonumber(life) then redis.call('PEXPIRE', key, life) end
  end
  answer[i] = value
end
return answer
`)

/** life, '1' for soft only, value */
export const changeScript: Script = markerScript(`
${read}${keep}${marker}
for i = 1, #KEYS do
  local key, life, value = KEYS[i], ARGV[3 * i - 2], ARGV[3 * i]
  local old, length = marker(key)
  if old then
    local left = redis.call('PTTL', key)
    if left < 0 then life = ''
    elseif life ~= '' and left > tonumber(life) then life = left end
    if ARGV[3 * i - 1] == '1' then
      value = string.sub(old, 1, length) .. string.sub(value, 3 + struct.unpack('>I2', value))
    end
  end
  keep(key, value, life)
end
return {}
`)

function entryScript(source: string): Script {
  return { source, digest: digestOf(source), hasLeases: true }
}

function markerScript(source: string): Script {
  return { source, digest: digestOf(source), hasLeases: false }
}

function digestOf(source: string): string {
  return createHash('sha1').update(source).digest('hex')
}
