import * as fc from 'fast-check'

/** Everything a key has ever stumbled over, and what escaping makes of it. */
const pieces = [
  ':', '%', '=', '@', '~', '#', '!', '*', '%*', '%3A', '%25', '%uD800', '%u', ' ', '\n', '\r\n', '\t', '\0', '\x7f',
  '\u0085', '\u00a0', '\u2028', '\ufeff', '\ufffd', 'é', 'e\u0301', '💥', '👩‍👩‍👧', '\ud83d', '\udca5', '漢', 'a', 'b', '1',
  'prefix', '@v1', 'toString', '__proto__',
] // prettier-ignore

/** Texts made of such pieces, and any others. */
export const awkwardText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((parts) => parts.join('')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
  // Lone surrogates too: any sequence of code units.
  { weight: 1, arbitrary: fc.array(fc.nat(0xffff), { maxLength: 5 }).map((units) => String.fromCharCode(...units)) },
)

/** As {@link awkwardText}, but not empty. */
export const awkwardName: fc.Arbitrary<string> = awkwardText.filter((text) => text !== '')
