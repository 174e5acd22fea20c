// Regions of interest as shapes: what is drawn on which plane, where, in which colour; what lies under a point; tracks. Pure
// functions over GeoJSON in pixels of the image (portal/imaging/regions.py checked it).

/** @typedef {{type: string, coordinates: any}} Geometry */
/** @typedef {{geometry: Geometry, properties: Record<string, any> | null}} Feature */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */
/** @typedef {{key: string, members: number[], points: {t: number, x: number, y: number}[]}} Track `members`: features, in order of t */

/** What is said otherwise than as a property. */
const RESERVED = new Set(['name', 'colour', 'color', 'stroke', 'z', 't', 'c', 'track', 'radius'])

/** Every position of a geometry. @param {any} coordinates @returns {[number, number][]} */
export const positions = (coordinates) => (typeof coordinates[0] === 'number' ? [coordinates] : coordinates.flatMap(positions))

/** @param {[number, number][]} points */
const line = (points) => 'M' + points.map(([x, y]) => `${x} ${y}`).join('L')

/** @param {number} x @param {number} y @param {number} r */
const circle = (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`

/** GeoJSON as path data. A point is a line of no length: its round ends make a dot. @param {Geometry} geometry @param {number} [radius] of a point that is a circle @returns {string} */
export function pathOf({ type, coordinates: c }, radius = 0) {
  switch (type) {
    case 'Point': return radius > 0 ? circle(c[0], c[1], radius) : `M${c[0]} ${c[1]}h0`
    case 'MultiPoint': return c.map((/** @type {number[]} */ p) => `M${p[0]} ${p[1]}h0`).join('')
    case 'LineString': return line(c)
    case 'MultiLineString': return c.map(line).join('')
    case 'Polygon': return c.map((/** @type {any} */ ring) => line(ring) + 'Z').join('')
    case 'MultiPolygon': return c.flat().map((/** @type {any} */ ring) => line(ring) + 'Z').join('')
    default: return ''
  }
}

/** @param {Feature} feature */
const radiusOf = ({ geometry, properties }) => (geometry.type === 'Point' && properties?.radius > 0 ? properties?.radius : 0)

/** @param {Feature} feature */
export const outline = (feature) => pathOf(feature.geometry, radiusOf(feature))

/** Whether a feature is drawn as dots. @param {Feature} feature */
export const isDot = (feature) => /Point/.test(feature.geometry.type) && !radiusOf(feature)

/** @param {Feature} feature @param {number} number */
export function nameOf({ properties }, number) {
  const name = ['name', 'label', 'Name', 'Label', 'id'].map((key) => properties?.[key]).find((value) => value !== undefined && value !== null && value !== '')
  if (name !== undefined) return String(name)
  return properties?.track === undefined || properties.track === null ? `Region ${number + 1}` : `Track ${properties.track}${typeof properties.t === 'number' ? `, t ${properties.t + 1}` : ''}`
}

/** @param {Feature} feature @returns {string | null} */
export function ownColour({ properties }) {
  const colour = properties?.colour ?? properties?.color ?? properties?.stroke
  return typeof colour === 'string' && /^#[0-9a-f]{6}$/i.test(colour) ? colour : null
}

/** @param {Feature} feature @returns {Box} */
export function boxOf(feature) {
  const all = positions(feature.geometry.coordinates)
  const r = radiusOf(feature)
  const [left, top] = [Math.min(...all.map((p) => p[0])) - r, Math.min(...all.map((p) => p[1])) - r]
  return { x: left, y: top, width: Math.max(...all.map((p) => p[0])) + r - left, height: Math.max(...all.map((p) => p[1])) + r - top }
}

/** The smallest box around some. @param {Box[]} boxes @returns {Box} */
export function around(boxes) {
  const [x, y] = [Math.min(...boxes.map((b) => b.x)), Math.min(...boxes.map((b) => b.y))]
  return { x, y, width: Math.max(...boxes.map((b) => b.x + b.width)) - x, height: Math.max(...boxes.map((b) => b.y + b.height)) - y }
}

/** Whether a feature belongs to what is seen: its plane (any, in a projection), its time point, its channel. @param {Feature} feature @param {import('./viewer-state.js').View} view */
export function isHere({ properties: p }, view) {
  const on = (/** @type {any} */ wanted, /** @type {number} */ now) => wanted === undefined || wanted === null || wanted === now
  const channel = typeof p?.c !== 'number' || !view.channels?.length || view.channels[p.c]?.shown !== false
  return (view.projection || on(p?.z, view.z)) && on(p?.t, view.t) && channel
}

/** Where a feature lies, for people: planes and time points count from 1. @param {Feature} feature */
export function whereOf({ properties: p }) {
  return [typeof p?.z === 'number' ? `z ${p.z + 1}` : '', typeof p?.t === 'number' ? `t ${p.t + 1}` : ''].filter(Boolean).join(' ')
}

/**
 * The properties that features can be filtered, sorted and coloured by, in the order in which they are met.
 * @param {Feature[]} features @returns {import('./plate-colours.js').Way[]}
 */
export function ways(features) {
  /** @type {Map<string, {numbers: boolean, flags: boolean}>} */
  const found = new Map()
  for (const { properties } of features) {
    for (const [name, value] of Object.entries(properties ?? {})) {
      if (RESERVED.has(name) || value === null || value === '') continue
      const kind = found.get(name) ?? { numbers: true, flags: true }
      found.set(name, { numbers: kind.numbers && typeof value === 'number', flags: kind.flags && typeof value === 'boolean' })
    }
  }
  return [...found].map(([key, { numbers, flags }]) => ({ key, label: key, kind: numbers ? 'number' : flags ? 'flag' : 'category' }))
}

/** A colour of its own for each of any number of things: the same name always has the same. @param {string | number} name */
export function ownHue(name) {
  let number = Number(name)
  if (!Number.isInteger(number) || number < 0) {
    number = 2166136261
    for (const c of String(name)) number = Math.imul(number ^ c.charCodeAt(0), 16777619) >>> 0
  }
  // By the golden angle: ids that follow one another, as neighbours do, are far apart in hue.
  const [hue, bright] = [(number * 137.50776) % 360, [62, 74, 52][number % 3]]
  // HSL as #rrggbb, saturated enough to be told apart on black and on white.
  const a = 0.85 * Math.min(bright, 100 - bright)
  const part = (/** @type {number} */ n) => {
    const k = (n + hue / 30) % 12
    return Math.round(((bright - a * Math.max(-1, Math.min(k - 3, 9 - k, 1))) * 255) / 100).toString(16).padStart(2, '0')
  }
  return `#${part(0)}${part(8)}${part(4)}`
}

/** A colour that can be seen on black: the darkest ones of a scale are lifted. @param {string} colour #rrggbb, or what is no such colour and stays */
export function lifted(colour) {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) return colour
  const rgb = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16))
  if (0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2] >= 70) return colour
  return '#' + rgb.map((v) => Math.round(v + (255 - v) * 0.35).toString(16).padStart(2, '0')).join('')
}

/** Features of one track, joined in order of t. @param {Feature[]} features @returns {Track[]} */
export function tracksOf(features) {
  /** @type {Map<string, {index: number, t: number, x: number, y: number}[]>} */
  const found = new Map()
  features.forEach(({ geometry, properties }, index) => {
    if (properties?.track === undefined || properties.track === null || typeof properties.t !== 'number') return
    const all = positions(geometry.coordinates)
    // A closed ring counts its first position once.
    const ring = /Polygon/.test(geometry.type) ? all.slice(1) : all
    const mean = (/** @type {0 | 1} */ axis) => ring.reduce((sum, p) => sum + p[axis], 0) / ring.length
    const key = String(properties.track)
    found.set(key, [...(found.get(key) ?? []), { index, t: properties.t, x: mean(0), y: mean(1) }])
  })
  return [...found].map(([key, members]) => {
    members.sort((a, b) => a.t - b.t || a.index - b.index)
    return { key, members: members.map((m) => m.index), points: members.map(({ t, x, y }) => ({ t, x, y })) }
  })
}

/** The tail of a track: its way up to time point t, its last `length` steps. @param {Track} track @param {number} t @param {number} length Infinity: all */
export function tailOf({ points }, t, length) {
  const past = points.filter((p) => p.t <= t && p.t >= t - length)
  return past.length > 1 ? line(past.map(({ x, y }) => /** @type {[number, number]} */ ([x, y]))) : ''
}

/** @param {[number, number][]} ring @param {number} x @param {number} y */
function inRing(ring, x, y) {
  let inside = false
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [[ax, ay], [bx, by]] = [ring[i], ring[j]]
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside
  }
  return inside
}

/** @param {[number, number][]} points @param {number} x @param {number} y */
function toLine(points, x, y) {
  let least = Infinity
  for (let i = 1; i < points.length; i++) {
    const [[ax, ay], [bx, by]] = [points[i - 1], points[i]]
    const [dx, dy] = [bx - ax, by - ay]
    const part = dx || dy ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy))) : 0
    least = Math.min(least, Math.hypot(x - ax - part * dx, y - ay - part * dy))
  }
  return least
}

/** How far a feature is from a point, in pixels; 0 inside of it. @param {Feature} feature @param {number} x @param {number} y */
export function distance(feature, x, y) {
  const { type, coordinates: c } = feature.geometry
  switch (type) {
    case 'Point': return Math.max(0, Math.hypot(x - c[0], y - c[1]) - radiusOf(feature))
    case 'MultiPoint': return Math.min(...c.map((/** @type {number[]} */ p) => Math.hypot(x - p[0], y - p[1])))
    case 'LineString': return toLine(c, x, y)
    case 'MultiLineString': return Math.min(...c.map((/** @type {any} */ l) => toLine(l, x, y)))
    default: {
      const rings = type === 'Polygon' ? c : c.flat()
      // Rings in rings take turns: a hole is outside.
      const inside = rings.filter((/** @type {any} */ ring) => inRing(ring, x, y)).length % 2 === 1
      return inside ? 0 : Math.min(...rings.map((/** @type {any} */ ring) => toLine(ring, x, y)))
    }
  }
}

/** Which feature is meant by a click: of those within reach, the smallest. @param {Feature[]} features @param {Iterable<number>} among @param {number} x @param {number} y @param {number} reach pixels */
export function meant(features, among, x, y, reach) {
  let [best, least] = [-1, Infinity]
  for (const i of among) {
    const box = boxOf(features[i])
    if (x < box.x - reach || y < box.y - reach || x > box.x + box.width + reach || y > box.y + box.height + reach) continue
    if (distance(features[i], x, y) > reach) continue
    const size = box.width * box.height
    if (size < least) [best, least] = [i, size]
  }
  return best
}

// --- a short text for the address: parts `key.value` joined by `~`, of letters that no address escapes ---

/** @param {string} text */
const written = (text) => encodeURIComponent(text).replace(/[!~.*'()]/g, (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase()).replaceAll('%', '!')

/** @param {Record<string, string | number | null | undefined | false>} parts */
export const packed = (parts) => Object.entries(parts).filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '').map(([key, value]) => `${key}.${written(String(value))}`).join('~')

/** @param {string} text @returns {Map<string, string>} */
export function unpacked(text) {
  return new Map(text.split('~').flatMap((part) => {
    const at = part.indexOf('.')
    try {
      return at > 0 ? [/** @type {[string, string]} */ ([part.slice(0, at), decodeURIComponent(part.slice(at + 1).replaceAll('!', '%'))])] : []
    } catch {
      return []
    }
  }))
}
