// Colours for the wells of a plate: categories by Okabe and Ito, numbers by viridis, flags by one colour.

/** @typedef {{key: string, label: string, kind: 'category' | 'number' | 'flag'}} Way */
/** @typedef {{of: (value: any) => string | null, legend: {colour: string | null, label: string, n: number | null}[]}} Colouring */

const OKABE_ITO = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#000000']
const OTHERS = '#999999'
const VIRIDIS = ['#440154', '#482878', '#3e4a89', '#31688e', '#26828e', '#1f9e89', '#35b779', '#6ece58', '#b5de2b', '#fde725']

/** @param {number} part 0–1 */
export function viridis(part) {
  const at = Math.min(1, Math.max(0, part)) * (VIRIDIS.length - 1)
  const [low, high] = [VIRIDIS[Math.floor(at)], VIRIDIS[Math.ceil(at)]]
  const channel = (/** @type {number} */ i) => {
    const [a, b] = [parseInt(low.slice(i, i + 2), 16), parseInt(high.slice(i, i + 2), 16)]
    return Math.round(a + (b - a) * (at - Math.floor(at))).toString(16).padStart(2, '0')
  }
  return `#${channel(1)}${channel(3)}${channel(5)}`
}

/** @param {number} n */
const short = (n) => String(Number(n.toPrecision(3)))

/** @param {Way} way @param {any[]} values one a well; null where there is none @returns {Colouring} */
export function colouring({ kind, label }, values) {
  const told = values.filter((v) => v !== null && v !== undefined)
  const none = { colour: null, label: 'no value', n: values.length - told.length }
  if (kind === 'number') {
    const numbers = told.map(Number).filter(Number.isFinite)
    const [least, most] = numbers.reduce(([a, b], n) => [Math.min(a, n), Math.max(b, n)], [Infinity, -Infinity])
    const part = (/** @type {number} */ n) => (most > least ? (n - least) / (most - least) : 0.5)
    const steps = numbers.length ? (most > least ? [0, 0.25, 0.5, 0.75, 1] : [0.5]).map((p) => ({ colour: viridis(p), label: short(most > least ? least + p * (most - least) : least), n: null })) : []
    return { of: (v) => (v === null || v === undefined || !Number.isFinite(Number(v)) ? null : viridis(part(Number(v)))), legend: none.n ? [...steps, none] : steps }
  }
  if (kind === 'flag') {
    const on = told.filter(Boolean).length
    return { of: (v) => (v ? 'var(--hit, #b3410e)' : null), legend: [{ colour: 'var(--hit, #b3410e)', label, n: on }, { colour: null, label: `not ${label}`, n: values.length - on }] }
  }
  /** @type {Map<string, number>} */
  const counts = new Map()
  for (const value of told) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1)
  const ranked = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  const colours = new Map(ranked.map(([value], i) => [value, OKABE_ITO[i] ?? OTHERS]))
  const legend = ranked.slice(0, OKABE_ITO.length).map(([value, n]) => ({ colour: colours.get(value) ?? null, label: value, n }))
  const rest = ranked.slice(OKABE_ITO.length)
  if (rest.length) legend.push({ colour: OTHERS, label: `${rest.length} others`, n: rest.reduce((sum, [, n]) => sum + n, 0) })
  return { of: (v) => (v === null || v === undefined ? null : colours.get(String(v)) ?? null), legend: none.n ? [...legend, none] : legend }
}
