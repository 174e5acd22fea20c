// What the benchmark asks a page for, in its address: the image, the Zarr format it is in, the size of the picture.

const words = new URLSearchParams(location.search)

/** Address of the OME-Zarr, absolute. */
export const source = new URL(/** @type {string} */ (words.get('source')), location.href).href

/** Of Zarr. @type {'v2' | 'v3'} */
export const format = words.get('format') === '2' ? 'v2' : 'v3'

/** CSS pixels. */
export const [width, height] = ['width', 'height'].map((name) => Number(words.get(name)))

export const stage = /** @type {HTMLElement} */ (document.getElementById('stage'))
stage.style.width = `${width}px`
stage.style.height = `${height}px`

/** The channels as the file's own display settings have them. @param {any} omero @returns {{low: number, high: number, rgb: number[]}[]} */
export const channelsOf = (omero) => omero.channels.map((/** @type {any} */ { color, window: { start, end } }) => (
  { low: start, high: end, rgb: [0, 2, 4].map((at) => parseInt(color.slice(at, at + 2), 16)) }))
