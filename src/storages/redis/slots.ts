/** The number of slots of a cluster. */
export const slotCount = 16_384

const openBrace = 0x7b
const closeBrace = 0x7d

/**
 * The slot of a key: CRC-16/XMODEM of its bytes, or of those between its first `{` and the first `}` after it if there
 * are any (Redis cluster specification, "Key distribution model").
 */
export function slotOf(key: string | Uint8Array): number {
  const bytes = typeof key === 'string' ? Buffer.from(key) : key
  const open = bytes.indexOf(openBrace)
  if (open === -1) return crc16(bytes) % slotCount
  const close = bytes.indexOf(closeBrace, open + 1)
  return crc16(close > open + 1 ? bytes.subarray(open + 1, close) : bytes) % slotCount
}

const tags = new Map<number, string>()
let nextNumber = 0

/** The smallest number whose slot is that of the key: for names that must lie beside it and can't contain it. */
export function slotTag(key: string): string {
  const slot = slotOf(key)
  while (!tags.has(slot)) {
    const tag = String(nextNumber++)
    const slotOfTag = slotOf(tag)
    if (!tags.has(slotOfTag)) tags.set(slotOfTag, tag)
  }
  return tags.get(slot) as string
}

const table = makeTable()

function crc16(bytes: Uint8Array): number {
  let crc = 0
  for (const byte of bytes) crc = ((crc << 8) & 0xffff) ^ (table[(crc >> 8) ^ byte] as number)
  return crc
}

function makeTable(): Uint16Array {
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
    return crc & 0xffff
  })
}
