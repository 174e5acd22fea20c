// What a query finds. Two tiers: names (genes, identifiers, terms) in sorted key ranges, and the catalogue's words in
// lunr. A result's place: how much of the query it answers, then exact before begun, then identifier, symbol, synonym,
// author's words, words of a text.

import { catalogue, directory, lookup } from './search-files.js'
import { nearest } from './search-typos.js'
import { key, stem, words } from './tokeniser.js'

/** @typedef {import('./search-files.js').Document} Document */
/** @typedef {Document & {why: string}} Result */
/** @typedef {{results: Result[], instead: string | null}} Found `instead`: the query that was answered, where it was not the one asked */
/** @typedef {{document: Document, covers: number, begun: 0 | 1, rank: number, score: number, why: string}} Hit */

/** @type {Record<string, string>} */
export const GROUPS = { study: 'Studies', gene: 'Genes', phenotype: 'Phenotypes', organism: 'Organisms', component: 'Components', protein: 'Proteins', compound: 'Compounds', antibody: 'Antibodies', reagent: 'Reagents', method: 'Imaging methods', 'study type': 'Study types', 'cell line': 'Cell lines' }
const KINDS = Object.keys(GROUPS)
const IN_TEXT = 4
const ofOrganism = new Set(['gene', 'protein'])
const CLASSES = ['identifier', 'name', 'synonym', 'the authors’ words']

/** Fetches what the first query will need, unless the reader saves data. */
export function prepare() {
  if (/** @type {any} */ (navigator).connection?.saveData) return
  directory().catch(() => {})
  catalogue().catch(() => {})
}

/**
 * @param {string} text @param {{limit?: number, typos?: boolean}} [options]
 * @returns {Promise<Found>}
 */
export async function search(text, { limit = 50, typos = true } = {}) {
  const { results, instead } = await answered(text, typos)
  return { results: results.slice(0, limit), instead }
}

/** `whole`: whether a result answers all of the query. @param {string} text @param {boolean} typos @returns {Promise<Found & {whole: boolean}>} */
async function answered(text, typos) {
  const asked = words(text).slice(0, 12)
  if (!asked.length) return { results: [], instead: null, whole: false }
  const dir = await directory()
  const about = organismsIn(asked, dir.organisms)
  const [named, texts] = await Promise.all([byName(text, asked, about), byText(asked)])
  // Of an identifier that is not here (`DEMO-si101`) a part says nothing: `demo` stands in all of them.
  const identifier = /^\S*[a-z]\S*$/i.test(text.trim()) && /\d/.test(text)
  const hits = [...named.hits, ...texts.hits].filter((hit) => !identifier || hit.covers >= 1)
  if (!hits.some((hit) => hit.covers >= 1) && typos) {
    const mended = mend(asked, named, texts)
    if (mended && (mended !== asked.join(' '))) {
      const again = await answered(mended, false)
      // Words that were found as they stand count for more than a guess that answers no more of the query.
      if (again.results.length && (again.whole || !hits.length)) return { ...again, instead: mended }
    }
  }
  return { results: ordered(hits), instead: null, whole: hits.some((hit) => hit.covers >= 1) }
}

/**
 * Which words of the query name an organism, and which organisms they can mean together.
 * @param {string[]} asked @param {[string, string[]][]} organisms
 */
function organismsIn(asked, organisms) {
  const meant = asked.map((word, i) => {
    const found = new Set(organisms.filter(([, names]) => names.includes(word)).map(([name]) => name))
    // `S. pombe`: a single letter before a species' name is its genus.
    const next = asked[i + 1]
    if (!found.size && word.length === 1 && next) {
      for (const [name, names] of organisms) if (name.toLowerCase().startsWith(word) && names.includes(next)) found.add(name)
    }
    return found
  })
  const told = meant.filter((set) => set.size)
  const shared = told.reduce((a, b) => { const both = new Set([...a].filter((x) => b.has(x))); return both.size ? both : new Set([...a, ...b]) }, told[0] ?? new Set())
  return { names: shared, rest: asked.filter((_, i) => !meant[i].size), told: told.length }
}

/**
 * Documents one of whose names is the query, a run of its words, or begins with it.
 * @param {string} text @param {string[]} asked @param {ReturnType<typeof organismsIn>} about
 */
async function byName(text, asked, about) {
  const whole = key(text)
  /** @type {{wanted: string, covers: number, prefix: boolean, organisms: Set<string> | null}[]} */
  const questions = [{ wanted: whole, covers: 1, prefix: whole.length > 1, organisms: null }]
  if (about.told && about.rest.length) {
    questions.push({ wanted: about.rest.join(''), covers: 1, prefix: about.rest.join('').length > 1, organisms: about.names })
  }
  // Runs of what stands between blanks, as in `SGO1 spindle`: exactly named ones only, and few. `10.1038/x` is one.
  const pieces = text.split(/[\s,;]+/).map(key).filter(Boolean).slice(0, 8)
  const n = pieces.length
  for (let size = Math.min(n - 1, 3); size > 0; size--) {
    for (let at = 0; at + size <= n && questions.length < 10; at++) {
      const wanted = pieces.slice(at, at + size).join('')
      if (wanted.length > 2) questions.push({ wanted, covers: size / n, prefix: false, organisms: null })
    }
  }
  const answers = await Promise.all(questions.map(({ wanted, prefix }) => lookup(wanted, prefix)))
  /** @type {Hit[]} */
  const hits = []
  questions.forEach(({ wanted, covers, organisms }, i) => {
    for (const { key: k, text: name, rank, document } of answers[i].names) {
      if (organisms && !(ofOrganism.has(document.kind) && organisms.has(document.detail))) continue
      const why = k === key(document.title) || document.detail.includes(name) ? '' : `matched by ${CLASSES[rank]} ${name}`
      hits.push({ document, covers, begun: k === wanted ? 0 : 1, rank, score: 0, why })
    }
  })
  return { hits, near: answers[0].near, whole }
}

/** Documents of the catalogue that hold words of the query. @param {string[]} asked */
async function byText(asked) {
  const { documents, terms, index } = await catalogue()
  const stems = asked.map(stem)
  const found = terms.length ? index.query((/** @type {any} */ query) => {
    for (const [i, word] of stems.entries()) {
      query.term(word, { usePipeline: false, boost: 10 })
      // The last word may be half typed; others are begun only where they are long enough to mean something.
      if (word.length > 3 || (i === stems.length - 1 && word.length > 1)) {
        query.term(word, { usePipeline: false, wildcard: 2 /* lunr.Query.wildcard.TRAILING */, boost: 1 })
      }
    }
  }) : []
  /** @type {Hit[]} */
  const hits = found.map((/** @type {any} */ { ref, score, matchData }) => {
    const matched = Object.keys(matchData.metadata)
    const exact = stems.filter((word) => matched.includes(word)).length
    const begun = stems.filter((word) => matched.some((term) => term.startsWith(word))).length
    return { document: documents[Number(ref)], covers: begun / stems.length, begun: exact === begun ? 0 : 1, rank: IN_TEXT, score, why: '' }
  })
  return { hits, terms, stems }
}

/** A query without its misspelt words, or null. @param {string[]} asked @param {Awaited<ReturnType<typeof byName>>} named @param {Awaited<ReturnType<typeof byText>>} texts */
function mend(asked, named, texts) {
  const known = (/** @type {string} */ word) => texts.terms.some((term) => term.startsWith(word))
  const whole = asked.length === 1 ? nearest(named.whole, new Set(named.near.map((name) => name.key))) : null
  const better = asked.map((word, i) => {
    if (known(texts.stems[i])) return word
    return nearest(texts.stems[i], texts.terms) ?? word
  })
  const mended = better.join(' ')
  return mended !== asked.join(' ') ? mended : whole
}

/** One hit a document, its best; best first. A study stands above its own components. @param {Hit[]} hits @returns {Result[]} */
function ordered(hits) {
  // The beginning of an identifier says less than that of a name: `sgo` is no InChIKey.
  const rank = (/** @type {Hit} */ hit) => (hit.begun && hit.rank === 0 ? 2.5 : hit.rank)
  const order = (/** @type {Hit} */ a, /** @type {Hit} */ b) =>
    b.covers - a.covers || a.begun - b.begun || rank(a) - rank(b) || b.score - a.score ||
    KINDS.indexOf(a.document.kind) - KINDS.indexOf(b.document.kind) || b.document.weight - a.document.weight ||
    (a.document.title < b.document.title ? -1 : a.document.title > b.document.title ? 1 : 0) || (a.document.address < b.document.address ? -1 : 1)
  /** @type {Map<string, Hit>} */
  const best = new Map()
  for (const hit of [...hits].sort(order)) if (!best.has(hit.document.address)) best.set(hit.document.address, hit)
  const sorted = [...best.values()]
  for (const [i, hit] of sorted.entries()) {
    if (hit.document.kind !== 'component' || hit.rank < IN_TEXT) continue
    const study = hit.document.address.replace(/[^/]+\/$/, '')
    const at = sorted.findIndex((other, j) => j > i && other.document.address === study && other.covers >= hit.covers)
    if (at > 0) sorted.splice(i, 0, ...sorted.splice(at, 1))
  }
  return sorted.map(({ document, why }) => ({ ...document, why }))
}
