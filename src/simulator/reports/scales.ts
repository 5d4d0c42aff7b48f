/** From a number to a place in a picture, 0 to 1. */
export type Scale = (value: number) => number

/** Sizes, logarithmic: half and double are equally far. */
export function sizeScale(sizes: readonly number[]): Scale {
  const low = Math.log(Math.min(...sizes))
  const high = Math.log(Math.max(...sizes))
  return (size) => (high === low ? 0.5 : (Math.log(size) - low) / (high - low))
}

/** Where to write a hit ratio beside the axis: round percentages from 0 to what the best of them needs. */
export function ratioTicks(highest: number): readonly number[] {
  const percent = Math.max(highest * 100, 0.1)
  const step = steps.find((one) => percent / one <= mostTicks) ?? 20
  const count = Math.ceil(percent / step - 1e-9)
  return Array.from({ length: count + 1 }, (_, tick) => (tick * step) / 100)
}

/** A size as one writes it beside an axis: 250, 1.5k, 2M. */
export function shortSize(size: number): string {
  if (size < 1000) return String(size)
  const [unit, letter] = size < 1e6 ? ([1e3, 'k'] as const) : ([1e6, 'M'] as const)
  const short = size / unit
  return `${short < 10 ? Number(short.toFixed(1)) : Math.round(short)}${letter}`
}

/** The part of all keys that a size is, in few digits: a thousandth of 5,684 keys are 6 of them, which is 0.1 % and not 0.106 %. */
export function shortPercent(size: number, keys: number): string {
  const percent = (size / keys) * 100
  const rough = Number(percent.toPrecision(1))
  const isMeant = percent < 10 && Math.round((keys * rough) / 100) === size
  return `${isMeant ? rough : Number(percent.toPrecision(2))} %`
}

const steps = [0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20]
const mostTicks = 5
