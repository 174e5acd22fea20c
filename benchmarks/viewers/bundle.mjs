// Makes a page of each peer: <output folder>/<name>/index.html and viewer.js, in chunks beside it what is fetched where it is needed.
//
//   node bundle.mjs <output folder>

import { copyFileSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const out = resolve(process.argv[2])

for (const name of ['openseadragon', 'viv']) {
  mkdirSync(join(out, name), { recursive: true })
  copyFileSync(join(here, 'page.html'), join(out, name, 'index.html'))
  await build({
    absWorkingDir: here,
    entryPoints: { viewer: `${name}.js` },
    outdir: join(out, name),
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  })
}
