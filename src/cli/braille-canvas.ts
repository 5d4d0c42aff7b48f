/**
 * A picture of characters: every one has two by four dots, as braille has them, and one colour. Places are in dots from the
 * upper left.
 */
export class BrailleCanvas<Colour> {
  readonly width: number
  readonly height: number
  readonly #columns: number
  readonly #dots: Uint8Array
  readonly #letters = new Map<number, string>()
  readonly #colours = new Map<number, Colour>()

  /** @param columns @param rows in characters */
  constructor(columns: number, rows: number) {
    this.#columns = columns
    this.width = columns * 2
    this.height = rows * 4
    this.#dots = new Uint8Array(columns * rows)
  }

  line(fromX: number, fromY: number, toX: number, toY: number, colour: Colour): void {
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY))))
    for (let step = 0; step <= steps; step++) {
      const part = step / steps
      this.#dot(Math.round(fromX + (toX - fromX) * part), Math.round(fromY + (toY - fromY) * part), colour)
    }
  }

  /** Puts a letter over the dots there. */
  letter(x: number, y: number, letter: string, colour: Colour): void {
    const cell = this.#cellAt(Math.round(x), Math.round(y))
    this.#letters.set(cell, letter)
    this.#colours.set(cell, colour)
  }

  /** The lines of the picture, from above. */
  lines(paint: (colour: Colour, text: string) => string): readonly string[] {
    const lines: string[] = []
    for (let start = 0; start < this.#dots.length; start += this.#columns) lines.push(this.#lineFrom(start, paint))
    return lines
  }

  // Neighbours of one colour are painted together.
  #lineFrom(start: number, paint: (colour: Colour, text: string) => string): string {
    let line = ''
    for (let cell = start; cell < start + this.#columns;) {
      const colour = this.#colours.get(cell)
      let text = ''
      for (; cell < start + this.#columns && this.#colours.get(cell) === colour; cell++) text += this.#characterAt(cell)
      line += colour === undefined ? text : paint(colour, text)
    }
    return line
  }

  #characterAt(cell: number): string {
    const dots = this.#dots[cell] ?? 0
    return this.#letters.get(cell) ?? (dots === 0 ? ' ' : String.fromCharCode(firstBraille + dots))
  }

  #dot(x: number, y: number, colour: Colour): void {
    const cell = this.#cellAt(x, y)
    this.#dots[cell] = (this.#dots[cell] ?? 0) | (dotBits[(y & 3) * 2 + (x & 1)] ?? 0)
    if (!this.#letters.has(cell)) this.#colours.set(cell, colour)
  }

  #cellAt(x: number, y: number): number {
    return (y >> 2) * this.#columns + (x >> 1)
  }
}

const firstBraille = 0x2800
// Row by row, the left dot and the right one.
const dotBits = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80]
