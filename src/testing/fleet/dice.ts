import type { Chance } from '../../kernel/chance.ts'

/** Decisions by chance, for those that must be repeatable. */
export class Dice {
  readonly chance: Chance

  constructor(chance: Chance) {
    this.chance = chance
  }

  /** A whole number from 0 up to, and without, `end`. */
  below(end: number): number {
    return Math.floor(this.chance.fraction() * end)
  }

  /** Whether something that happens so often (0 to 1) happens now. */
  happens(share: number): boolean {
    return this.chance.fraction() < share
  }

  /** One of some things, each as likely as it is often. */
  one<Thing>(things: readonly Thing[]): Thing {
    const thing = things[this.below(things.length)]
    if (thing === undefined) throw new Error('nothing to choose from')
    return thing
  }

  /** One of some things by their weights. */
  weighted<Thing>(things: readonly (readonly [number, Thing])[]): Thing {
    let left = this.chance.fraction() * things.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, thing] of things) {
      left -= weight
      if (left < 0) return thing
    }
    return this.one(things)[1]
  }
}
