// A view of an image ↔ the address: `#A2.f3&c=1|100:600$00FF00,-2|0:90$fire!&z=3&t=1&x=512&y=400&zm=50`.
//
// The grammar is the one readers of image archives know (docs/viewer.md): `c` has a channel's number from 1, `-` before
// it where it is hidden, its darkest and brightest value shown, its colour or lookup table, and `!` where it is
// inverted. x and y are the pixel in the middle, zm per cent of full resolution; z and t count from 1. What stands as
// the image's own default is left out.

import { sampleHash } from './sample-hash.js'
import { isLut } from './viewer-luts.js'

/** @typedef {{shown: boolean, low: number, high: number, colour: string, lut: string, invert: boolean}} ChannelView colour `#rrggbb`; lut '' for a plain colour */
/** @typedef {{channels: ChannelView[], z: number, t: number, x: number | null, y: number | null, zoom: number | null, grey: boolean, projection: boolean,
 *   rotation: number, flip: boolean, at: [number, number] | null, exact: '' | 'v' | 'p'}} View z and t from 0; zoom in per cent; rotation 0, 90, 180 or 270 degrees clockwise;
 *   `at` is the point of the orthogonal views, in pixels; `exact`: values at the pointer (v), or pixels too (p), are the image's own */
/** @typedef {{width: number, height: number, z: number, t: number, projection?: boolean, preview?: {z: number | 'max'},
 *   channels: {name: string, label?: string | null, colour: string, low: number, high: number, shown: boolean}[]}} Info */
/** @typedef {{sample: string | null, field: number}} Target */

/** What an address may ask of a view. `o` is the overlays' own. */
export const KEYS = ['c', 'm', 'p', 'z', 't', 'x', 'y', 'zm', 'r', 'f', 'at', 'e', 'o', 'maps']

/** What an image shows when nothing is asked: what its preview shows, or the middle plane; the first time point. @param {Info} info @returns {View} */
export function initial(info) {
  const plane = info.preview?.z
  return {
    channels: (info.channels ?? []).map(({ shown, low, high, colour }) => ({ shown, low, high, colour: colour.toLowerCase(), lut: '', invert: false })),
    z: typeof plane === 'number' && plane >= 0 && plane < (info.z ?? 1) ? plane : Math.floor((info.z ?? 1) / 2),
    t: 0, x: null, y: null, zoom: null, grey: false, projection: plane === 'max' && !!info.projection, rotation: 0, flip: false, at: null, exact: '',
  }
}

/** @param {number} n */
const short = (n) => String(Number(n.toPrecision(5)))

/** The channels that are drawn: in grey, one at a time. @param {View} view @returns {boolean[]} */
export function drawn(view) {
  const first = view.channels.findIndex((c) => c.shown)
  return view.channels.map((c, i) => (view.grey ? i === first : c.shown))
}

/**
 * The part of the address that says how an image is seen. `whole`: with what stands as the default too, for a citation,
 * which must show the same when the defaults have changed.
 * @param {View} view @param {Info} info @param {{whole?: boolean, overlays?: string}} [options]
 */
export function viewHash(view, info, { whole = false, overlays = '' } = {}) {
  const start = initial(info)
  const parts = []
  const changed = view.channels.flatMap(({ shown, low, high, colour, lut, invert }, i) => {
    const d = start.channels[i]
    const window = whole || low !== d.low || high !== d.high ? `|${low}:${high}` : '' // every digit: another window is another picture
    const paint = whole || colour !== d.colour || lut ? `$${lut || colour.slice(1).toUpperCase()}` : ''
    const told = `${window}${paint}${invert ? '!' : ''}`
    return told || shown !== d.shown ? [`${shown ? '' : '-'}${i + 1}${told}`] : []
  })
  if (changed.length) parts.push('c=' + changed.join(','))
  if (view.grey) parts.push('m=g')
  const plane = view.z !== start.z || (whole && info.z > 1)
  // An address that names a plane alone means that plane.
  if (info.projection && (whole || view.projection !== start.projection || (plane && view.projection))) parts.push(`p=${view.projection ? 'intmax' : 'normal'}`)
  if (plane) parts.push(`z=${view.z + 1}`)
  if (view.t !== start.t || (whole && info.t > 1)) parts.push(`t=${view.t + 1}`)
  if (view.rotation) parts.push(`r=${view.rotation}`)
  if (view.flip) parts.push('f=1')
  if (view.at) parts.push(`at=${view.at.map(Math.round).join(',')}`)
  if (view.x !== null && view.y !== null) {
    // Tenths of a pixel: far in, a whole one can be seen.
    const tenth = (/** @type {number} */ n) => String(Math.round(n * 10) / 10)
    parts.push(`x=${tenth(view.x)}`, `y=${tenth(view.y)}`, ...(view.zoom === null ? [] : [`zm=${short(view.zoom)}`]))
  }
  if (view.exact) parts.push(`e=${view.exact}`)
  if (overlays) parts.push(`o=${encodeURIComponent(overlays)}`)
  return parts.join('&')
}

/** @param {Target} target */
export const targetHash = ({ sample, field }) => (sample === null ? '' : sampleHash(sample) + (field > 1 ? `.f${field}` : ''))

/** @param {Target} target @param {string} view */
export const hashOf = (target, view) => [targetHash(target), view].filter(Boolean).join('&')

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a percent sign that escapes nothing
  }
}

/** @param {string} hash @returns {{target: Target, parts: Map<string, string>}} */
export function readHash(hash) {
  const pieces = hash.replace(/^#/, '').split('&').filter(Boolean)
  /** @type {Target} */
  const target = { sample: null, field: 1 }
  // A sample's own `=` is escaped, so what has one is a key.
  if (pieces.length && !/^[a-z]{1,4}=/.test(pieces[0])) {
    const [, sample, field] = /** @type {RegExpMatchArray} */ (/** @type {string} */ (pieces.shift()).match(/^(.*?)(?:\.f(\d+))?$/))
    target.sample = decoded(sample)
    target.field = Math.max(1, Number(field) || 1)
  }
  const parts = new Map(pieces.map((piece) => {
    const at = piece.indexOf('=')
    return /** @type {[string, string]} */ (at < 0 ? [piece, ''] : [piece.slice(0, at), decoded(piece.slice(at + 1))])
  }))
  return { target, parts }
}

/**
 * What an address asks, in its query (as the archives' own viewers write it) and in its hash, which goes before.
 * @param {{search: string, hash: string}} address
 * @returns {{target: Target, parts: Map<string, string>, search: string}} `search`: the query without the view's keys
 */
export function asked({ search, hash }) {
  const { target, parts } = readHash(hash)
  const query = readHash(search.replace(/^\?/, '').replace(/^(?![a-z]+=)/, 'q=')).parts
  for (const key of KEYS) if (query.has(key) && !parts.has(key)) parts.set(key, /** @type {string} */ (query.get(key)))
  const rest = search.replace(/^\?/, '').split('&').filter((piece) => piece && !KEYS.includes(piece.split('=')[0]))
  return { target, parts, search: rest.length ? `?${rest.join('&')}` : '' }
}

const LEAST = 16 // screen pixels of an image's longer side

const CHANNEL = /^(-?)(\d+)(?:\|(-?[\d.]+(?:e[-+]?\d+)?):(-?[\d.]+(?:e[-+]?\d+)?))?(?:\$([\w-]+?)(?:\.lut)?)?(!?)$/i

/** The view that an address asks for; whatever it asks that the image does not have is left as it is by default. @param {Map<string, string>} parts @param {Info} info @returns {View} */
export function viewOf(parts, info) {
  const view = initial(info)
  for (const piece of (parts.get('c') ?? '').split(',')) {
    const found = piece.match(CHANNEL)
    const channel = found && view.channels[Number(found[2]) - 1]
    if (!found || !channel) continue
    channel.shown = !found[1]
    const [low, high] = [Number(found[3]), Number(found[4])]
    if (found[3] !== undefined && Number.isFinite(low) && Number.isFinite(high) && low <= high) Object.assign(channel, { low, high })
    const name = (found[5] ?? '').toLowerCase()
    if (/^[0-9a-f]{6}$/.test(name)) channel.colour = `#${name}`
    else if (isLut(name.replace('_', '-'))) channel.lut = name.replace('_', '-')
    if (found[6]) channel.invert = true
  }
  inverted(parts.get('maps')).forEach((on, i) => { if (on && view.channels[i]) view.channels[i].invert = true })
  const whole = (/** @type {string} */ name, /** @type {number} */ n, /** @type {number} */ otherwise) => {
    const value = Number(parts.get(name))
    return Number.isInteger(value) && value >= 1 && value <= n ? value - 1 : otherwise
  }
  view.z = whole('z', info.z, view.z)
  if (whole('z', info.z, -1) >= 0) view.projection = false // as the archives' addresses have it
  view.t = whole('t', info.t, view.t)
  if (/^(g|c)$/.test(parts.get('m') ?? '')) view.grey = parts.get('m') === 'g' && view.channels.length > 0
  const projection = (parts.get('p') ?? '').split('|')[0]
  if (info.projection && /^(intmax|normal)$/.test(projection)) view.projection = projection === 'intmax'
  const turned = Number(parts.get('r'))
  if ([90, 180, 270].includes(turned)) view.rotation = turned
  view.flip = parts.get('f') === '1'
  if (/^[vp]$/.test(parts.get('e') ?? '')) view.exact = /** @type {'v' | 'p'} */ (parts.get('e'))
  const point = (parts.get('at') ?? '').match(/^(\d+),(\d+)$/)
  if (point && info.z > 1 && Number(point[1]) < info.width && Number(point[2]) < info.height) view.at = [Number(point[1]), Number(point[2])]
  const [x, y, zoom] = ['x', 'y', 'zm'].map((name) => (parts.has(name) ? Number(parts.get(name) || NaN) : null))
  const within = (/** @type {number | null} */ value, /** @type {number} */ most) => value === null || (value >= 0 && value <= most)
  // So far out nothing would be seen of the image.
  const tiny = zoom !== null && (zoom / 100) * Math.max(info.width, info.height) < LEAST
  // A place without a zoom is seen as large as the whole image is; a zoom without a place, in the middle.
  if ((x !== null || y !== null || zoom !== null) && within(x, info.width) && within(y, info.height) && within(zoom, 6400) && !tiny) {
    Object.assign(view, { x: x ?? info.width / 2, y: y ?? info.height / 2, zoom })
  }
  return view
}

/** The archives' way of saying which channels are inverted: `maps=[{"inverted":{"enabled":true}},…]`. @param {string | undefined} text @returns {boolean[]} */
function inverted(text) {
  if (!text || text.length > 10_000) return []
  try {
    const maps = JSON.parse(text)
    return Array.isArray(maps) ? maps.map((map) => [map?.inverted, map?.reverse].some((m) => String(m?.enabled) === 'true')) : []
  } catch {
    return []
  }
}

/** A round length of at most `widest` screen pixels, for a scale bar. @param {number} perPixel µm a screen pixel @param {number} widest */
export function scaleBar(perPixel, widest) {
  const most = perPixel * widest
  const power = 10 ** Math.floor(Math.log10(most))
  const length = ([5, 2, 1].find((step) => step * power <= most) ?? 1) * power
  const text = length >= 1000 ? `${length / 1000} mm` : length >= 1 ? `${length} µm` : `${Number((length * 1000).toPrecision(3))} nm`
  return { pixels: length / perPixel, text }
}
