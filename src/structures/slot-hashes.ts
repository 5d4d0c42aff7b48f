import { grownIntegers } from './grown.ts'

/** The hash of each slot's key, kept once for all who need it: the index that made it, and the policy that asks a sketch. */
export class SlotHashes {
  of: Int32Array<ArrayBuffer> = new Int32Array(0)

  reserve(slots: number): void {
    this.of = grownIntegers(this.of, slots)
  }
}
