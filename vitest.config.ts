import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const doors = fileURLToPath(new URL('./src/doors/', import.meta.url))

export default defineConfig({
  resolve: {
    // Tests use the same doors as users do, straight from the sources.
    alias: [
      { find: /^tiercel$/, replacement: `${doors}index.ts` },
      { find: /^tiercel\/([a-z-]+)$/, replacement: `${doors}$1.ts` },
    ],
  },
  // Standard decorators: esbuild lowers them only when the target has none.
  esbuild: { target: 'es2022' },
  test: {
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'html', 'json-summary'],
    },
    projects: [
      {
        extends: true,
        test: { name: 'tests', include: ['tests/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'types',
          include: [],
          typecheck: { enabled: true, only: true, include: ['tests/**/*.test-d.ts'] },
        },
      },
    ],
  },
})
