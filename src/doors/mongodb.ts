export { mongodb, type MongodbOptions, type MongodbServer } from '../storages/mongodb/mongodb.ts'
export type {
  MongodbClient,
  MongodbCollection,
  MongodbCollectionOptions,
  MongodbDatabase,
  MongodbDocument,
  MongodbFindOptions,
  MongodbIndexOptions,
  MongodbWrite,
} from '../clients/mongodb-client.ts'
