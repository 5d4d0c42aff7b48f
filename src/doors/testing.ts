export { virtualClock, type VirtualClock } from '../testing/virtual-clock.ts'
export { seededChance } from '../testing/seeded-chance.ts'
export { simulateFleet, type FleetOptions, type FleetReport } from '../testing/fleet/simulate-fleet.ts'
export { simpleStorage, type SimpleStorage, type SimpleStorageOptions } from '../testing/simple-storage.ts'
export {
  faultyStorage,
  type FailOptions,
  type FaultOptions,
  type FaultyStorage,
  type StorageCall,
  type StorageOperation,
} from '../testing/faulty-storage.ts'
export {
  storageConformance,
  type StorageSubject,
  type StorageUnderTest,
  type TestRunner,
} from '../testing/conformance/storage-conformance.ts'
