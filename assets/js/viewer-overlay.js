// What lies over the pixels: regions of interest as SVG, and the scale bar.

import { el, svg } from './dom.js'
import { scaleBar } from './viewer-state.js'

/** @typedef {{type: string, coordinates: any}} Geometry */
/** @typedef {{geometry: Geometry, properties: Record<string, any> | null}} Feature */

/** Every position of a geometry. @param {any} coordinates @returns {[number, number][]} */
const positions = (coordinates) => (typeof coordinates[0] === 'number' ? [coordinates] : coordinates.flatMap(positions))

/** @param {[number, number][]} line */
const line = (line) => 'M' + line.map(([x, y]) => `${x} ${y}`).join('L')

/** GeoJSON as path data, in pixels of the image. A point is a line of no length: its round ends make a dot. @param {Geometry} geometry @returns {string} */
export function pathOf({ type, coordinates: c }) {
  switch (type) {
    case 'Point': return `M${c[0]} ${c[1]}h0`
    case 'MultiPoint': return c.map((/** @type {number[]} */ p) => `M${p[0]} ${p[1]}h0`).join('')
    case 'LineString': return line(c)
    case 'MultiLineString': return c.map(line).join('')
    case 'Polygon': return c.map((/** @type {any} */ ring) => line(ring) + 'Z').join('')
    case 'MultiPolygon': return c.flat().map((/** @type {any} */ ring) => line(ring) + 'Z').join('')
    default: return ''
  }
}

/** @param {Feature} feature @param {number} number */
function nameOf({ properties }, number) {
  const name = ['name', 'label', 'Name', 'Label', 'id'].map((key) => properties?.[key]).find((value) => value !== undefined && value !== null && value !== '')
  return name === undefined ? `Region ${number + 1}` : String(name)
}

export class Regions {
  /** @param {Feature[]} features @param {(box: {x: number, y: number, width: number, height: number}) => void} show */
  constructor(features, show) {
    /** @type {SVGElement[]} */
    this.paths = features.map(({ geometry, properties }) => {
      const path = svg('path', { class: /Point/.test(geometry.type) ? 'roi roi-point' : 'roi', d: pathOf(geometry), 'vector-effect': 'non-scaling-stroke', fill: 'none' })
      const colour = properties?.colour ?? properties?.color ?? properties?.stroke
      if (typeof colour === 'string' && /^#[0-9a-f]{6}$/i.test(colour)) path.style.stroke = colour
      return path
    })
    this.group = svg('g', {}, ...this.paths)
    this.element = svg('svg', { class: 'viewer-rois', 'aria-hidden': 'true' }, this.group)
    const choose = (/** @type {number} */ chosen) => {
      this.paths.forEach((path, i) => path.classList.toggle('roi-current', i === chosen))
      const all = positions(features[chosen].geometry.coordinates)
      const [xs, ys] = [all.map((p) => p[0]), all.map((p) => p[1])]
      const [x, y] = [Math.min(...xs), Math.min(...ys)]
      show({ x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y })
    }
    const toggle = el('input', { type: 'checkbox', onchange: () => (this.element.style.display = toggle.checked ? '' : 'none') })
    toggle.checked = true
    this.list = el('div', { class: 'viewer-regions' },
      el('label', { class: 'channel-label' }, toggle, el('span', { text: 'Show regions' })),
      // A long list would push everything after it off a phone's screen.
      el('details', { class: 'viewer-region-list', open: matchMedia('(min-width: 900px)').matches }, el('summary', { text: `Regions (${features.length})` }), el('ol', { class: 'roi-list' }, ...features.map((feature, i) => el('li', {}, el('button', { type: 'button', class: 'roi-name', text: nameOf(feature, i), onclick: () => choose(i) }))))))
  }

  /** Puts the vectors where the image is. @param {{x: number, y: number}} origin the image's first pixel on the stage @param {number} scale stage pixels a pixel of the image */
  place(origin, scale) {
    this.group.setAttribute('transform', `matrix(${scale} 0 0 ${scale} ${origin.x} ${origin.y})`)
  }
}

export class ScaleBar {
  /** @param {number | null} pixelSize µm a pixel of the image */
  constructor(pixelSize) {
    this.pixelSize = pixelSize
    this.line = el('span', { class: 'viewer-scale-line' })
    this.text = el('span', { class: 'viewer-scale-text' })
    this.element = el('div', { class: 'viewer-scale' }, this.line, this.text)
    if (!pixelSize) this.text.textContent = 'no pixel size declared'
  }

  /** @param {number} scale stage pixels a pixel of the image */
  place(scale) {
    if (!this.pixelSize) return
    const { pixels, text } = scaleBar(this.pixelSize / scale, 140)
    this.line.style.width = `${pixels}px`
    this.text.textContent = text
  }
}
