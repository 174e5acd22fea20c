// A view of an image ↔ the address: `#A2.f3&c=1|100:600$00FF00,-2|0:90$FF0000&z=3&t=1&x=512&y=400&zm=50`.
//
// The grammar of `c` is the one readers of image archives know: a channel's number from 1, `-` before it where it is
// hidden, its darkest and brightest value shown, its colour. x and y are the pixel in the middle, zm per cent of full
// resolution; z and t count from 1. What stands as the image's own default is left out.

/** @typedef {{shown: boolean, low: number, high: number, colour: string}} ChannelView */
/** @typedef {{channels: ChannelView[], z: number, t: number, x: number | null, y: number | null, zoom: number | null}} View z and t from 0 */
/** @typedef {{width: number, height: number, z: number, t: number, channels: {name: string, label?: string | null, colour: string, low: number, high: number, shown: boolean}[]}} Info */
/** @typedef {{sample: string | null, field: number}} Target */

/** What an image shows when nothing is asked: middle plane, first time point. @param {Info} info @returns {View} */
export const initial = (info) => ({
  channels: (info.channels ?? []).map(({ shown, low, high, colour }) => ({ shown, low, high, colour: colour.toLowerCase() })),
  z: Math.floor((info.z ?? 1) / 2), t: 0, x: null, y: null, zoom: null,
})

/** @param {number} n */
const short = (n) => String(Number(n.toPrecision(5)))

/** The part of the address that says how an image is seen. @param {View} view @param {Info} info */
export function viewHash(view, info) {
  const start = initial(info)
  const parts = []
  const same = view.channels.every((c, i) => {
    const d = start.channels[i]
    return c.shown === d.shown && c.low === d.low && c.high === d.high && c.colour === d.colour
  })
  if (!same) {
    parts.push('c=' + view.channels.map(({ shown, low, high, colour }, i) =>
      `${shown ? '' : '-'}${i + 1}|${short(low)}:${short(high)}$${colour.slice(1).toUpperCase()}`).join(','))
  }
  if (view.z !== start.z) parts.push(`z=${view.z + 1}`)
  if (view.t !== start.t) parts.push(`t=${view.t + 1}`)
  if (view.x !== null && view.y !== null && view.zoom !== null) {
    parts.push(`x=${Math.round(view.x)}`, `y=${Math.round(view.y)}`, `zm=${short(view.zoom)}`)
  }
  return parts.join('&')
}

/** @param {Target} target */
export const targetHash = ({ sample, field }) => (sample === null ? '' : encodeURIComponent(sample) + (field > 1 ? `.f${field}` : ''))

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
  if (pieces.length && !/^(c|z|t|x|y|zm|by)=/.test(pieces[0])) {
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

/** The view that an address asks for; whatever it asks that the image does not have is left as it is by default. @param {Map<string, string>} parts @param {Info} info @returns {View} */
export function viewOf(parts, info) {
  const view = initial(info)
  for (const piece of (parts.get('c') ?? '').split(',')) {
    const found = piece.match(/^(-?)(\d+)(?:\|(-?[\d.]+(?:e[-+]?\d+)?):(-?[\d.]+(?:e[-+]?\d+)?))?(?:\$([0-9a-f]{6}))?$/i)
    const channel = found && view.channels[Number(found[2]) - 1]
    if (!found || !channel) continue
    channel.shown = !found[1]
    const [low, high] = [Number(found[3]), Number(found[4])]
    if (found[3] !== undefined && Number.isFinite(low) && Number.isFinite(high) && low <= high) Object.assign(channel, { low, high })
    if (found[5]) channel.colour = `#${found[5].toLowerCase()}`
  }
  const whole = (/** @type {string} */ name, /** @type {number} */ n, /** @type {number} */ otherwise) => {
    const value = Number(parts.get(name))
    return Number.isInteger(value) && value >= 1 && value <= n ? value - 1 : otherwise
  }
  view.z = whole('z', info.z, view.z)
  view.t = whole('t', info.t, view.t)
  const [x, y, zoom] = ['x', 'y', 'zm'].map((name) => (parts.has(name) ? Number(parts.get(name)) : NaN))
  if (x >= 0 && x <= info.width && y >= 0 && y <= info.height && zoom > 0 && zoom <= 6400) Object.assign(view, { x, y, zoom })
  return view
}

/** A round length of at most `widest` screen pixels, for a scale bar. @param {number} perPixel µm a screen pixel @param {number} widest */
export function scaleBar(perPixel, widest) {
  const most = perPixel * widest
  const power = 10 ** Math.floor(Math.log10(most))
  const length = ([5, 2, 1].find((step) => step * power <= most) ?? 1) * power
  const text = length >= 1000 ? `${length / 1000} mm` : length >= 1 ? `${length} µm` : `${Number((length * 1000).toPrecision(3))} nm`
  return { pixels: length / perPixel, text }
}
