// Lookup tables: 256 colours for the brightness of a channel, computed from a few points that are known by heart.

/** @typedef {Uint8Array} Lut 768 bytes: red, green, blue of each brightness */

/** Even steps between points. @param {number[][]} points [red, green, blue] @returns {Lut} */
function ramp(points) {
  const table = new Uint8Array(768)
  for (let i = 0; i < 256; i++) {
    const at = (i / 255) * (points.length - 1)
    const before = Math.min(points.length - 2, Math.floor(at))
    for (let c = 0; c < 3; c++) table[i * 3 + c] = Math.round(points[before][c] + (at - before) * (points[before + 1][c] - points[before][c]))
  }
  return table
}

/** @param {string} text six digits a colour */
const hex = (text) => text.split(' ').map((colour) => [0, 2, 4].map((at) => parseInt(colour.slice(at, at + 2), 16)))

// The 32 points of ImageJ's "Fire".
const FIRE = hex('000000 00003d 010060 190082 3100a5 4900c0 6200dc 7a00e3 9200d2 a200b5 ad0097 b8007a c3005d cf0e40 d92323 e53905 ' +
  'f04f00 fc6500 ff7500 ff8500 ff9300 ffa100 ffaf00 ffbe00 ffcd00 ffdb00 ffea00 fff823 ffff62 ffffa0 ffffdf ffffff')
// Ten of matplotlib's 256.
const VIRIDIS = hex('440154 482878 3e4989 31688e 26828e 1f9e89 35b779 6ece58 b5de2b fde725')

/** sRGB bytes as CIE L*a*b*, in which distances are those that are seen. @param {number[]} rgb @returns {number[]} */
function lab(rgb) {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
  const f = (/** @type {number} */ t) => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 * t + 16) / 116)
  const [x, y, z] = [f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505), f(0.2126 * r + 0.7152 * g + 0.0722 * b), f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)]
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

/** Each next colour as far as can be from all before it (Glasbey et al. 2007), black first, on a grid of 4,096. @returns {Lut} */
function glasbey() {
  const candidates = []
  for (let r = 0; r < 16; r++) for (let g = 0; g < 16; g++) for (let b = 0; b < 16; b++) candidates.push([r * 17, g * 17, b * 17])
  const places = candidates.map(lab)
  const nearest = new Float64Array(candidates.length).fill(Infinity)
  const table = new Uint8Array(768)
  let chosen = 0
  for (let i = 0; i < 256; i++) {
    table.set(candidates[chosen], i * 3)
    const from = places[chosen]
    let furthest = -1
    for (let k = 0; k < places.length; k++) {
      const d = (places[k][0] - from[0]) ** 2 + (places[k][1] - from[1]) ** 2 + (places[k][2] - from[2]) ** 2
      if (d < nearest[k]) nearest[k] = d
      if (furthest < 0 || nearest[k] > nearest[furthest]) furthest = k
    }
    chosen = furthest
  }
  return table
}

/** Name in the address → [what it is called, how it is made]. @type {Record<string, [string, () => Lut]>} */
const LUTS = {
  grey: ['Grey', () => ramp([[0, 0, 0], [255, 255, 255]])],
  fire: ['Fire', () => ramp(FIRE)],
  viridis: ['Viridis', () => ramp(VIRIDIS)],
  'cyan-hot': ['Cyan hot', () => ramp([[0, 0, 0], [0, 128, 128], [0, 255, 255], [255, 255, 255]])],
  glasbey: ['Glasbey', glasbey],
}

/** @type {Map<string, Lut>} */
const made = new Map()

/** @param {string} name */
export const isLut = (name) => Object.hasOwn(LUTS, name)

/** Names in the address, and what they are called. @returns {[string, string][]} */
export const lutNames = () => Object.entries(LUTS).map(([name, [said]]) => [name, said])

/** @param {string} name @returns {Lut} */
export function lut(name) {
  let table = made.get(name)
  if (!table) made.set(name, (table = LUTS[name][1]()))
  return table
}
