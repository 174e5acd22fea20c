// The files of the search index: fetched once each, unpacked here, so that no server needs settings.

import { key } from './tokeniser.js'
import { vendor } from './vendor.js'

/** @typedef {{kind: string, title: string, address: string, detail: string, weight: number}} Document */
/** @typedef {{key: string, text: string, rank: number, document: Document}} Name */
/** @typedef {{kinds: [string, string][], organisms: [string, string[]][], firsts: string[]}} Directory */

/** Where the files are. A test in Node replaces `read`. */
export const source = {
  /** @param {string} path @returns {Promise<Uint8Array>} */
  async read(path) {
    const answer = await get((await folder()) + path)
    return new Uint8Array(await answer.arrayBuffer())
  },
  lunr: () => vendor('lunr').then((module) => module.default),
}

/** @param {string} address @param {RequestInit} [how] */
async function get(address, how) {
  const answer = await fetch(address, how)
  if (!answer.ok) throw new Error(`the search index could not be read (${answer.status}): ${new URL(address).pathname.split('/').pop()}`)
  return answer
}

/** @type {Promise<string> | null} */
let found = null

/** Address of the current index. Its own folder is named by its bytes; a page that was open for long goes on with the one it began with. */
function folder() {
  const home = new URL(document.documentElement.dataset.search ?? 'search/', document.baseURI).href
  found ??= get(`${home}current.json`, { cache: 'no-cache' }).then((answer) => answer.json()).then((current) => home + current.folder)
  found.catch(() => (found = null))
  return found
}

/** @type {Map<string, Promise<any>>} */
const files = new Map()

/** @param {string} path @param {(value: any) => any} [made] @returns {Promise<any>} */
function file(path, made = (value) => value) {
  let found = files.get(path)
  if (!found) {
    found = source.read(path).then(unpacked).then(made)
    found.catch(() => files.delete(path))
    files.set(path, found)
  }
  return found
}

/** JSON from gzip; a host that sets Content-Encoding has unpacked it already. @param {Uint8Array} raw */
async function unpacked(raw) {
  if (raw[0] !== 0x1f || raw[1] !== 0x8b) return JSON.parse(new TextDecoder().decode(raw))
  const stream = new Blob([/** @type {any} */ (raw)]).stream().pipeThrough(new DecompressionStream('gzip'))
  return JSON.parse(await new Response(stream).text())
}

/** @returns {Promise<Directory>} */
export const directory = () => file('directory.gz')

/** @param {any[]} written [kind, title, path, detail, weight] @param {Directory} dir @returns {Document} */
function documentOf([kind, title, path, detail, weight], dir) {
  const [name, prefix] = dir.kinds[kind]
  // A reagent stands at a row of a page: what follows `#` ends its address.
  return { kind: name, title, address: `${prefix}${path}${path.includes('#') ? '' : '/'}`, detail: typeof detail === 'number' ? dir.organisms[detail][0] : detail, weight }
}

/** @param {any[]} entry [text, class, document] @param {Document[]} documents @returns {Name} */
function nameOf([text, rank, at], documents) {
  const document = documents[at]
  return { key: key(text || document.title), text: text || document.title, rank, document }
}

/** Every name in a range, in order of its key. @param {number} number @param {Directory} dir @returns {Promise<Name[]>} */
const range = (number, dir) => file(`names/${String(number).padStart(3, '0')}.gz`, ({ d, n }) => {
  const documents = d.map((/** @type {any[]} */ written) => documentOf(written, dir))
  return n.map((/** @type {any[]} */ entry) => nameOf(entry, documents))
})

/** The last range that begins at or before a key. @param {string[]} firsts @param {string} wanted */
function rangeOf(firsts, wanted) {
  let [low, high] = [0, firsts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (firsts[middle] <= wanted) low = middle + 1
    else high = middle
  }
  return Math.max(0, low - 1)
}

/**
 * Names with this key, and where `prefix` those that begin with it. `near` are the others in the same range.
 * @param {string} wanted @param {boolean} prefix @returns {Promise<{names: Name[], near: Name[]}>}
 */
export async function lookup(wanted, prefix) {
  const dir = await directory()
  if (!wanted || !dir.firsts.length) return { names: [], near: [] }
  const first = rangeOf(dir.firsts, wanted)
  const last = prefix ? rangeOf(dir.firsts, `${wanted}{`) : first // "{" follows every character of a key
  const best = last > first && wanted.length > 1
    ? file(`top/${String(first).padStart(3, '0')}.gz`, ({ d, p }) => ({ documents: d.map((/** @type {any[]} */ w) => documentOf(w, dir)), p }))
    : null
  const near = await range(first, dir)
  const names = near.filter((name) => (prefix ? name.key.startsWith(wanted) : name.key === wanted))
  if (best) {
    const { documents, p } = await best
    names.push(...(p[wanted] ?? []).map((/** @type {any[]} */ entry) => nameOf(entry, documents)))
  }
  return { names, near }
}

/**
 * The catalogue: its documents, its terms in order, and lunr's index made of its own serialised form.
 * @returns {Promise<{documents: Document[], terms: string[], index: any}>}
 */
export const catalogue = () => file('catalogue.gz', async (packed) => {
  const [lunr, dir] = await Promise.all([source.lunr(), directory()])
  return { documents: packed.docs.map((/** @type {any[]} */ w) => documentOf(w, dir)), terms: packed.terms, index: lunr.Index.load(serialised(packed)) }
})

/** lunr's own form: both the vectors and, of the same numbers, the inverted index. @param {any} packed */
export function serialised({ version, fields, terms, vectors }) {
  const invertedIndex = terms.map((/** @type {string} */ term, /** @type {number} */ i) =>
    [term, Object.assign({ _index: i }, ...fields.map((/** @type {string} */ field) => ({ [field]: {} })))])
  /** @type {[string, number[]][]} */
  const fieldVectors = []
  vectors.forEach((/** @type {number[][]} */ ofFields, /** @type {number} */ number) => {
    ofFields.forEach((flat, f) => {
      const elements = []
      for (let i = 0, term = -1; i < flat.length; i += 2) {
        term += flat[i]
        elements.push(term, flat[i + 1] / 1000)
        invertedIndex[term][1][fields[f]][number] = {}
      }
      fieldVectors.push([`${fields[f]}/${number}`, elements])
    })
  })
  return { version, fields, fieldVectors, invertedIndex, pipeline: [] }
}
