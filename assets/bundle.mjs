// Our own modules, each with what it imports put into it: a page asks for two scripts, where it asked for twenty.
//
//   node bundle.mjs <folder that holds node_modules> <folder of our modules> <output folder>
//
// Every module keeps its name and its exports. What a module imports when it is needed (`import('./x.js')`) stays a file of its own.

import { readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

const [home, from, out] = process.argv.slice(2).map((path) => resolve(path))
const esbuild = createRequire(join(home, 'package.json'))('esbuild')

const later = {
  name: 'later',
  setup(build) {
    build.onResolve({ filter: /^\.\// }, ({ kind, path }) => (kind === 'dynamic-import' ? { path, external: true } : undefined))
  },
}

await esbuild.build({
  absWorkingDir: from,
  entryPoints: readdirSync(from).filter((name) => name.endsWith('.js')).sort(),
  outdir: out,
  plugins: [later],
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  charset: 'utf8',
  legalComments: 'none',
  logLevel: 'warning',
})
