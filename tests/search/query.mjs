// Answers queries from an index in a folder, as a page would. stdin: {folder, queries, limit}; stdout: JSON.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

const { folder, assets, queries, limit, words } = JSON.parse(readFileSync(0, 'utf8'))
const { source, catalogue, serialised } = await import(join(assets, 'js/search-files.js'))
const { search } = await import(join(assets, 'js/search.js'))
const tokeniser = await import(join(assets, 'js/tokeniser.js'))

let read = 0
let files = 0
source.read = async (path) => {
  const raw = readFileSync(join(folder, path))
  read += raw.length
  files++
  return new Uint8Array(raw)
}
source.lunr = async () => createRequire(join(assets, 'package.json'))('lunr')

const answers = []
for (const query of queries ?? []) answers.push(await search(query, { limit }))
const tokens = (words ?? []).map((text) => [tokeniser.key(text), tokeniser.words(text), tokeniser.stems(text)])
const scores = folder && !words ? (await catalogue()).index.query((q) => q.term('cell', { usePipeline: false })).map(({ ref, score }) => [ref, score]) : []
process.stdout.write(JSON.stringify({ answers, tokens, read, files, scores, serialised: typeof serialised }))
