export { file, type FileOptions } from '../storages/file/file.ts'
