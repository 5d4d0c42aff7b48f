import { describe, expect, test } from 'vitest'
import { Flight } from '../../src/flight/flight.ts'
import { Flights } from '../../src/flight/flights.ts'

const flightTo = (key: string): Flight<string> => new Flight<string>(key, undefined)

test('a flight can be joined until it is finished', () => {
  const table = new Flights<Flight<string>>()
  const flight = flightTo('k')
  expect(table.get('k')).toBeUndefined()
  table.start(flight)
  expect([table.get('k'), table.size]).toEqual([flight, 1])
  table.finish(flight)
  expect([table.get('k'), table.size]).toEqual([undefined, 0])
})

test('keys like the names of object members are keys like any other', () => {
  const table = new Flights<Flight<string>>()
  for (const key of ['__proto__', 'constructor', 'toString', '']) {
    expect(table.get(key)).toBeUndefined()
    table.start(flightTo(key))
    expect(table.get(key)?.key).toBe(key)
  }
})

test('a younger flight overtakes the one that was there, which may not write any more', () => {
  const table = new Flights<Flight<string>>()
  const [old, young] = [flightTo('k'), flightTo('k')]
  table.start(old)
  table.start(young)
  expect([table.get('k'), old.fenced, young.fenced]).toEqual([young, false, true])
})

test('DEFECTS 4: a flight that finishes late leaves the younger one on the table', () => {
  const table = new Flights<Flight<string>>()
  const [old, young] = [flightTo('k'), flightTo('k')]
  table.start(old)
  table.start(young)
  table.finish(old)
  expect([table.get('k'), young.fenced]).toEqual([young, true])
})

test('a flight whose fence is broken can’t be joined, even while it is on the table', () => {
  const table = new Flights<Flight<string>>()
  const flight = flightTo('k')
  table.start(flight)
  flight.breakFence()
  expect(table.get('k')).toBeUndefined()
})

describe('breaking', () => {
  test('a key breaks the fence of its flight and detaches it', () => {
    const table = new Flights<Flight<string>>()
    const [flight, other] = [flightTo('k'), flightTo('other')]
    table.start(flight)
    table.start(other)
    table.break('k')
    expect([flight.fenced, table.get('k'), table.size]).toEqual([false, undefined, 1])
    expect([other.fenced, table.get('other')]).toEqual([true, other])
  })

  test('a key without a flight is nothing', () => {
    const table = new Flights<Flight<string>>()
    table.break('k')
    expect(table.size).toBe(0)
  })

  test('under a head reaches every key that starts with it, and no other', () => {
    const table = new Flights<Flight<string>>()
    const flights = ['p:n:', 'p:n:a', 'p:n:b:@v', 'p:nn:a', 'p:', 'q:n:a'].map(flightTo)
    for (const flight of flights) table.start(flight)
    table.breakUnder('p:n:')
    expect(flights.filter(({ fenced }) => fenced).map(({ key }) => key)).toEqual(['p:nn:a', 'p:', 'q:n:a'])
    expect(table.size).toBe(3)
  })

  test('what comes after starts anew', () => {
    const table = new Flights<Flight<string>>()
    const [old, young] = [flightTo('k'), flightTo('k')]
    table.start(old)
    table.break('k')
    table.start(young)
    table.finish(old)
    expect([table.get('k'), young.fenced]).toEqual([young, true])
  })
})
