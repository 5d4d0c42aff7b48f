import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { Events } from '../../src/observe/events.ts'

interface Happenings {
  hit: { readonly key: string }
  miss: { readonly key: string }
}

test('listeners hear of what they listen to, in the order they came, and of nothing else', () => {
  const events = new Events<Happenings>()
  const heard: string[] = []
  events.on('hit', ({ key }) => heard.push(`first ${key}`))
  events.on('hit', ({ key }) => heard.push(`second ${key}`))
  events.on('miss', ({ key }) => heard.push(`miss ${key}`))
  events.emit('hit', { key: 'k' })
  expect(heard).toEqual(['first k', 'second k'])
})

test('an event nobody listens to is heard by nobody', () => {
  const events = new Events<Happenings>()
  expect(() => events.emit('hit', { key: 'k' })).not.toThrow()
})

describe('off', () => {
  test('stops that listener, and only that one', () => {
    const events = new Events<Happenings>()
    const [one, other] = [vi.fn<() => void>(), vi.fn<() => void>()]
    const off = events.on('hit', one)
    events.on('hit', other)
    off()
    off()
    events.emit('hit', { key: 'k' })
    expect([one.mock.calls.length, other.mock.calls.length]).toEqual([0, 1])
  })

  test('of a listener given twice takes away its own time only', () => {
    const events = new Events<Happenings>()
    const listener = vi.fn<() => void>()
    const off = events.on('hit', listener)
    events.on('hit', listener)
    off()
    off()
    events.emit('hit', { key: 'k' })
    expect(listener).toHaveBeenCalledOnce()
  })

  test('while the event is told does not disturb the others', () => {
    const events = new Events<Happenings>()
    const heard: string[] = []
    const off = events.on('hit', () => {
      heard.push('once')
      off()
    })
    events.on('hit', () => heard.push('always'))
    events.emit('hit', { key: 'k' })
    events.emit('hit', { key: 'k' })
    expect(heard).toEqual(['once', 'always', 'always'])
  })

  test('a listener that comes while the event is told hears of the next one', () => {
    const events = new Events<Happenings>()
    const late = vi.fn<() => void>()
    const off = events.on('hit', () => {
      events.on('hit', late)
      off()
    })
    events.emit('hit', { key: 'k' })
    expect(late).not.toHaveBeenCalled()
    events.emit('hit', { key: 'k' })
    expect(late).toHaveBeenCalledOnce()
  })
})

test('an event is wanted while somebody listens', () => {
  const events = new Events<Happenings>()
  const wanted = (): boolean[] => [events.wanted.hit === true, events.wanted.miss === true]
  expect(wanted()).toEqual([false, false])
  const offs = [events.on('hit', () => {}), events.on('hit', () => {})]
  expect(wanted()).toEqual([true, false])
  offs[0]?.()
  offs[0]?.()
  expect(wanted()).toEqual([true, false])
  offs[1]?.()
  expect(wanted()).toEqual([false, false])
  events.on('hit', () => {})
  expect(wanted()).toEqual([true, false])
})

describe('a listener that fails', () => {
  const warned = vi.fn<(...given: readonly unknown[]) => void>()
  beforeEach(() => void vi.spyOn(process, 'emitWarning').mockImplementation(warned))
  afterEach(() => {
    vi.restoreAllMocks()
    warned.mockReset()
  })

  test('DEFECTS 36: by throwing becomes a process warning, and the others still hear', () => {
    const events = new Events<Happenings>()
    const other = vi.fn<() => void>()
    events.on('hit', () => {
      throw new Error('no disk left')
    })
    events.on('hit', other)
    expect(() => events.emit('hit', { key: 'k' })).not.toThrow()
    expect(other).toHaveBeenCalledOnce()
    expect(warned.mock.calls).toEqual([["a listener of 'hit' threw: Error: no disk left", 'TiercelWarning']])
  })

  test('by rejecting, which its type lets pass, becomes a process warning too', async () => {
    const unhandled = vi.fn<() => void>()
    process.on('unhandledRejection', unhandled)
    try {
      const events = new Events<Happenings>()
      // oxlint-disable-next-line typescript/no-misused-promises
      events.on('hit', async () => Promise.reject(new Error('no line')))
      events.emit('hit', { key: 'k' })
      await new Promise((resolve) => setImmediate(resolve))
      expect(warned.mock.calls).toEqual([["a listener of 'hit' threw: Error: no line", 'TiercelWarning']])
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })
})
