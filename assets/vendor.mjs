// Bundles what is theirs, never what is ours: one esbuild pass over the libraries in package-lock.json.
//
//   node vendor.mjs <folder that holds node_modules> <output folder>
//
// Writes <name>.js for every entry below, the chunks they share, DuckDB's worker and WebAssembly (copied as
// published), outlines.json, and THIRD-PARTY.txt. Nothing of the machine enters the bytes: names are relative to the
// first argument and lists are sorted.

import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const home = resolve(process.argv[2])
const out = resolve(process.argv[3])
const modules = join(home, 'node_modules')
const esbuild = createRequire(join(home, 'package.json'))('esbuild')

// CodeMirror and DuckDB re-export only what our modules use, so that the rest is left out of the bundle.
const ENTRIES = {
  openseadragon: `export { default } from 'openseadragon'`,
  lunr: `export { default } from 'lunr'`,
  hyparquet: `
    export { parquetMetadataAsync, parquetRead, parquetSchema } from 'hyparquet'
    export { decompress as zstdDecompress } from 'fzstd'`,
  duckdb: `export { AsyncDuckDB, DuckDBDataProtocol, VoidLogger } from '@duckdb/duckdb-wasm'
    export { DataType } from 'apache-arrow'`,
  zarrita: `
    export { FetchStore, open, registry, root } from 'zarrita'`,
  fzstd: `export { decompress } from 'fzstd'`,
  codemirror: `
    export { basicSetup, EditorView } from 'codemirror'
    export { Compartment, EditorState, Prec } from '@codemirror/state'
    export { keymap } from '@codemirror/view'
    export { indentWithTab } from '@codemirror/commands'
    export { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
    export { acceptCompletion } from '@codemirror/autocomplete'
    export { PostgreSQL, sql } from '@codemirror/lang-sql'
    export { tags } from '@lezer/highlight'`,
}

const COPIES = {
  'duckdb-eh.wasm': '@duckdb/duckdb-wasm/dist/duckdb-eh.wasm',
  'duckdb-worker.js': '@duckdb/duckdb-wasm/dist/duckdb-browser-eh.worker.js',
}

const entries = {
  name: 'entries',
  setup(build) {
    build.onResolve({ filter: /^entry:/ }, ({ path }) => ({ path: path.slice('entry:'.length), namespace: 'entry' }))
    // zarrita's own decoders for Blosc, Zstandard and LZ4 make functions of texts, which a page's policy forbids: viewer-codecs.js has others.
    build.onResolve({ filter: /^numcodecs\// }, ({ path }) => ({ path, external: true }))
    build.onLoad({ filter: /.*/, namespace: 'entry' }, ({ path }) => ({ contents: ENTRIES[path], resolveDir: home, loader: 'js' }))
  },
}

mkdirSync(out, { recursive: true })
/** @param {string[]} names @param {boolean} splitting whether these may share a chunk */
const bundled = async (names, splitting) => (await esbuild.build({
  absWorkingDir: home,
  entryPoints: names.map((name) => ({ in: `entry:${name}`, out: name })),
  outdir: out,
  plugins: [entries],
  bundle: true,
  splitting,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  minify: true,
  entryNames: '[name]',
  chunkNames: 'chunk-[hash]',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
})).metafile.outputs

// What viewers of images load is one file each: what it would share is a few lines, and a request before the first tile.
const ALONE = ['openseadragon', 'zarrita', 'fzstd']
const outputs = { ...await bundled(Object.keys(ENTRIES).filter((name) => !ALONE.includes(name)), true), ...await bundled(ALONE, false) }
for (const [name, from] of Object.entries(COPIES)) {
  // The published worker names a source map that is not shipped: a request that would only fail.
  if (name.endsWith('.js')) {
    const text = readFileSync(join(modules, from), 'utf8').replace(/\n\/\/# sourceMappingURL=\S*\s*$/, '\n')
    writeFileSync(join(out, name), text)
  } else copyFileSync(join(modules, from), join(out, name))
}

// --- outlines.json: the coasts and borders of the world (Natural Earth), flat already, for the maps of places. --------

// portal/pages/outlines.py places points by the same projection, and a test holds the two together.
const EARTH = 10_000 // units an Earth radius: one is 640 m
const OUTLINES = { coarse: 'countries-110m.json', fine: 'countries-50m.json' }

/** A package that only the outlines are made with: it is not bundled. */
const tool = (name) => import(pathToFileURL(createRequire(join(home, 'package.json')).resolve(name)).href)

/** A GeoJSON geometry as lines of whole numbers, [x, y, dx, dy, dx, dy, …], north up and y down, cut at the edge of the map. */
function flattened(geoPath, project, shape) {
  const lines = []
  let line
  let last
  const start = (x, y) => lines.push(line = last = [Math.round(x), Math.round(y)])
  const on = (x, y) => {
    const [dx, dy] = [Math.round(x) - last[0], Math.round(y) - last[1]]
    if (!dx && !dy) return
    line.push(dx, dy)
    last = [last[0] + dx, last[1] + dy]
  }
  geoPath(project, { moveTo: start, lineTo: on, closePath() {}, arc() {}, beginPath() {} })(shape)
  return lines.filter((found) => found.length > 2)
}

const { geoEqualEarth, geoPath } = await tool('d3-geo')
const { feature, mesh } = await tool('topojson-client')
const project = geoEqualEarth().scale(EARTH).translate([0, 0])
const outlines = { earth: EARTH, edge: flattened(geoPath, project, { type: 'Sphere' }) }
for (const [name, file] of Object.entries(OUTLINES)) {
  const world = JSON.parse(readFileSync(join(modules, 'world-atlas', file), 'utf8'))
  outlines[name] = {
    land: flattened(geoPath, project, feature(world, world.objects.land)),
    borders: flattened(geoPath, project, mesh(world, world.objects.countries, (a, b) => a !== b)),
  }
}
writeFileSync(join(out, 'outlines.json'), JSON.stringify(outlines))

// --- THIRD-PARTY.txt: every package of which a byte is shipped, with its own licence and notice. -----------------

const DUCKDB = `Copyright 2021 DuckDB WASM Contributors (see the contributors of the project duckdb-wasm)
Copyright 2018-2023 Stichting DuckDB Foundation

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

/** The package folder that a bundled file belongs to: the nearest package.json that has a name and a version. */
function packageOf(file) {
  for (let folder = dirname(join(home, file)); folder.startsWith(modules); folder = dirname(folder)) {
    const manifest = join(folder, 'package.json')
    if (!existsSync(manifest)) continue
    const { name, version, license } = JSON.parse(readFileSync(manifest, 'utf8'))
    if (name && version) return { folder, name, version, license: license ?? 'see below' }
  }
  throw new Error(`${file} belongs to no package`)
}

// Only what reached the output: a file that was read and dropped whole needs no notice.
const shipped = Object.values(outputs).flatMap((output) =>
  Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([file]) => file))
const packages = new Map()
const whole = [...Object.values(COPIES), ...Object.values(OUTLINES).map((file) => `world-atlas/${file}`)]
for (const file of [...shipped.filter((f) => f.startsWith('node_modules/')), ...whole.map((f) => `node_modules/${f}`)]) {
  const found = packageOf(file)
  packages.set(`${found.name} ${found.version}`, found)
}
const notices = []
for (const key of [...packages.keys()].sort()) {
  const { folder, name, license } = packages.get(key)
  const files = readdirSync(folder).filter((f) => /^(licen[cs]e|notice|copying)(\.|$|-)/i.test(f) && !/\.(c?js|mjs)$/.test(f)).sort()
  const texts = files.map((f) => readFileSync(join(folder, f), 'utf8').trim().replace(/\r\n?/g, '\n'))
  if (name === '@duckdb/duckdb-wasm') texts.push(DUCKDB) // the package names its licence but ships no text
  if (!texts.length) throw new Error(`${key} (${license}) ships no licence text; add it to vendor.mjs`)
  notices.push(`${key} (${license})\n\n${texts.join('\n\n')}`)
}
writeFileSync(join(out, 'THIRD-PARTY.txt'),
  `The folder beside this file holds code of these projects, each under its own licence.\n\n${notices.join(`\n\n${'-'.repeat(100)}\n\n`)}\n`)
