import { expectTypeOf, test } from 'vitest'
import { openStorage, type AnyStorage, type LocalStorage, type Storage } from 'tiercel'

declare const anything: string

test('the scheme says what comes, and what may be said besides', () => {
  expectTypeOf(openStorage('local://lru')).resolves.toEqualTypeOf<LocalStorage>()
  expectTypeOf(openStorage('redis://host', { poolSize: 2 })).resolves.toEqualTypeOf<Storage>()
  expectTypeOf(openStorage('sqlite:x.db', { table: 'pages' })).resolves.toEqualTypeOf<Storage>()
  expectTypeOf(openStorage(anything)).resolves.toEqualTypeOf<AnyStorage>()
  expectTypeOf(openStorage(`mongodb://${anything}` as const, { collection: 'c' })).resolves.toEqualTypeOf<Storage>()
  // @ts-expect-error no option of Redis
  void openStorage('redis://host', { tabel: 'pages' })
  // @ts-expect-error the URL says where
  void openStorage('sqlite:x.db', { path: 'y.db' })
})
