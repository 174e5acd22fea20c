// Colours for the cells of a grid: categories by Okabe and Ito, numbers by viridis (or blue to orange around zero), flags by one
// colour. Pure functions: values in, colours and a legend out.

import { byKey, keyed, numberIn } from './filters.js'

/** @typedef {{key: string, label: string, kind: 'category' | 'number' | 'flag'}} Way */
/** @typedef {'linear' | 'log' | 'diverging'} ScaleKind */
/** @typedef {{colour: string | null, label: string, n: number, value?: string}} Entry a line of the legend; `value` where it can be highlighted */
/** @typedef {{kind: ScaleKind, kinds: ScaleKind[], low: number, high: number, min: number, median: number, max: number, n: number,
 *   below: number, above: number, colours: string[], bins: number[]}} Ramp */
/** @typedef {{of: (value: any) => string | null, legend: Entry[], ramp: Ramp | null, values: string[], lit: number | null}} Colouring
 *   `values`: what can be looked for, where there are more than colours; `lit`: how many cells what is looked for highlights */

const OKABE_ITO = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442']
const OTHERS = '#999999'
const VIRIDIS = ['#440154', '#482878', '#3e4a89', '#31688e', '#26828e', '#1f9e89', '#35b779', '#6ece58', '#b5de2b', '#fde725']
const DIVERGING = ['#08306b', '#2166ac', '#67a9cf', '#c6dbe8', '#f2f0ec', '#f3cfa4', '#e79a4d', '#b35806', '#6d3303']
const HIT = 'var(--hit, #b3410e)'
const FAINT = 'color-mix(in srgb, var(--ink-2, #57606a) 14%, var(--paper, #fcfcfb))'
const BINS = 30
const ROBUST = 0.02 // of the cells at either end that may lie beyond the scale's ends

/** @param {string[]} colours @param {number} part 0–1 */
export function between(colours, part) {
  const at = Math.min(1, Math.max(0, part)) * (colours.length - 1)
  const [low, high] = [colours[Math.floor(at)], colours[Math.ceil(at)]]
  const channel = (/** @type {number} */ i) => {
    const [a, b] = [parseInt(low.slice(i, i + 2), 16), parseInt(high.slice(i, i + 2), 16)]
    return Math.round(a + (b - a) * (at - Math.floor(at))).toString(16).padStart(2, '0')
  }
  return `#${channel(1)}${channel(3)}${channel(5)}`
}

/** A cell as a number, where it is one. @param {any} v @returns {number | null} */
const measured = (v) => (typeof v === 'number' ? (Number.isFinite(v) ? v : null) : typeof v === 'string' ? numberIn(v.trim()) : null)

/** @param {number[]} ordered @param {number} part 0–1 */
function quantile(ordered, part) {
  const at = (ordered.length - 1) * part
  const low = ordered[Math.floor(at)]
  return low + (ordered[Math.ceil(at)] - low) * (at - Math.floor(at))
}

/**
 * The scale of some numbers, of which there is at least one: its ends leave out what lies far outside, so that one broken well does
 * not take all colours from the others. Skewed numbers above zero are spread by their logarithm; numbers on both sides of zero have
 * it in the middle.
 * @param {number[]} numbers @param {string} [asked] a kind; another than fits is ignored @returns {Ramp & {part: (n: number) => number}}
 */
export function ramp(numbers, asked = '') {
  const ordered = Float64Array.from(numbers).sort()
  const [min, max, median] = [ordered[0], ordered[ordered.length - 1], quantile(/** @type {any} */ (ordered), 0.5)]
  let [low, high] = [quantile(/** @type {any} */ (ordered), ROBUST), quantile(/** @type {any} */ (ordered), 1 - ROBUST)]
  if (!(high > low)) [low, high] = [min, max]
  /** @type {ScaleKind[]} */
  const kinds = ['linear', ...(min > 0 && max > min ? /** @type {ScaleKind[]} */ (['log']) : []), ...(min < 0 && max > 0 ? /** @type {ScaleKind[]} */ (['diverging']) : [])]
  const skewed = min > 0 && high / low >= 20 && high - median > 4 * (median - low)
  const aroundZero = low < 0 && high > 0 && Math.min(-low, high) >= 0.1 * Math.max(-low, high)
  const kind = /** @type {ScaleKind} */ (kinds.includes(/** @type {any} */ (asked)) ? asked : skewed ? 'log' : aroundZero ? 'diverging' : 'linear')
  if (kind === 'diverging') [low, high] = [-Math.max(-low, high), Math.max(-low, high)]
  const place = kind === 'log' ? Math.log10 : (/** @type {number} */ n) => n
  const [from, to] = [place(low), place(high)]
  const part = (/** @type {number} */ n) => (to > from ? Math.min(1, Math.max(0, (place(n) - from) / (to - from))) : 0.5)
  const bins = Array(BINS).fill(0)
  for (const n of numbers) bins[Math.min(BINS - 1, Math.floor(part(n) * BINS))]++
  return {
    kind, kinds, low, high, min, median, max, n: numbers.length, part, bins, colours: kind === 'diverging' ? DIVERGING : VIRIDIS,
    below: numbers.filter((n) => n < low).length, above: numbers.filter((n) => n > high).length,
  }
}

/**
 * @param {Way} way @param {any[]} values one a cell; null where there is none
 * @param {{scale?: string, look?: string}} [asked] a kind of scale; what is looked for among many categories
 * @returns {Colouring}
 */
export function colouring({ kind, label }, values, { scale = '', look = '' } = {}) {
  const told = values.filter((v) => v !== null && v !== undefined && v !== '')
  /** @type {Entry} */
  const none = { colour: null, label: 'no value', n: values.length - told.length }
  if (kind === 'flag') {
    const on = told.filter(Boolean).length
    return { of: (v) => (v ? HIT : null), legend: [{ colour: HIT, label, n: on }, { colour: null, label: `not ${label}`, n: values.length - on }], ramp: null, values: [], lit: null }
  }
  const numbers = kind === 'number' ? /** @type {number[]} */ (told.map(measured).filter((n) => n !== null)) : []
  if (numbers.length) {
    const made = ramp(numbers, scale)
    const words = { colour: null, label: 'no number', n: told.length - numbers.length }
    return {
      of: (v) => { const n = measured(v); return n === null ? null : between(made.colours, made.part(n)) },
      legend: [words, none].filter(({ n }) => n), ramp: made, values: [], lit: null,
    }
  }
  return categories(told.map(String), none, look)
}

/** @param {string[]} told @param {Entry} none @param {string} look @returns {Colouring} */
function categories(told, none, look) {
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const value of told) counts.set(value, (counts.get(value) ?? 0) + 1)
  // As readers expect a list: numbers by value, A2 before A10.
  const order = byKey(false)
  const keys = [...counts.keys()].map((value, i) => keyed(i, value)).sort(order)
  const names = [...counts.keys()]
  const values = keys.map(({ row }) => names[row])
  const wanted = counts.has(look) ? new Set([look]) : look ? new Set(values.filter((v) => v.toLowerCase().includes(look.toLowerCase()))) : null
  if (wanted) {
    const lit = told.filter((v) => wanted.has(v)).length
    const label = wanted.size === 1 ? [...wanted][0] : wanted.size ? `${wanted.size} values that hold “${look}”` : `nothing holds “${look}”`
    return {
      of: (v) => (v === null || v === undefined || v === '' ? null : wanted.has(String(v)) ? HIT : FAINT), ramp: null, values, lit,
      legend: [{ colour: HIT, label, n: lit }, { colour: FAINT, label: 'other values', n: told.length - lit }, none].filter(({ n }, i) => n || !i),
    }
  }
  const ranked = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  const shown = ranked.length > OKABE_ITO.length ? ranked.slice(0, OKABE_ITO.length) : ranked
  const colours = new Map(shown.map(([value], i) => [value, OKABE_ITO[i]]))
  /** @type {Entry[]} */
  const legend = shown.map(([value, n]) => ({ colour: colours.get(value) ?? null, label: value, n, value }))
  const rest = ranked.slice(shown.length)
  if (rest.length) legend.push({ colour: OTHERS, label: `${rest.length} other ${rest.length === 1 ? 'value' : 'values'}`, n: rest.reduce((sum, [, n]) => sum + n, 0) })
  return {
    of: (v) => (v === null || v === undefined || v === '' ? null : colours.get(String(v)) ?? OTHERS),
    legend: none.n ? [...legend, none] : legend, ramp: null, values: rest.length ? values : [], lit: null,
  }
}
