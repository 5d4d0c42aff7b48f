/** Something the demo says of Tiercel, and whether it was so this time. */
export interface Claim {
  readonly holds: boolean
  readonly title: string
  readonly details: string
}
