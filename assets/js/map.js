// The map of places, zoomed and moved. The page is whole without this: here the view changes, and marks that lay too near
// each other part. What the marks are is told by portal/pages/places_map.py, which draws the first view by the same rules.

import { count, el, pageData, svg } from './dom.js'
import { vendorUrl } from './vendor.js'

const WIDTH = 1000
const HEIGHT = 560
const STEP = 1.6
const NEAREST = 60 // units of the Earth across: 38 km

/** @typedef {[number, number, number, string, string]} Place x and y on the flat Earth, samples, words, link */
/** @typedef {[number, number, number, number]} View x, y, width, height on the flat Earth */

/**
 * Places as marks: in their order (the largest first), what lies within `apart` of a mark belongs to it.
 * @param {Place[]} places @param {View} view @param {number} apart
 */
export function grouped(places, view, apart) {
  const scale = WIDTH / view[2]
  /** @type {{x: number, y: number, places: Place[], samples: number}[]} */
  const groups = []
  for (const place of places) {
    const x = (place[0] - view[0]) * scale
    const y = (place[1] - view[1]) * scale
    const near = groups.find((g) => Math.hypot(g.x - x, g.y - y) < apart)
    if (near) near.places.push(place), (near.samples += place[2])
    else groups.push({ x, y, places: [place], samples: place[2] })
  }
  return groups
}

/** Lines of vendor/outlines.json, [x, y, dx, dy, …], as one SVG path. @param {number[][]} lines @param {string} end */
const path = (lines, end) => lines.map((line) => `M${line[0]} ${line[1]}l${line.slice(2).join(' ')}${end}`).join('')

/** @param {HTMLElement} figure */
function start(figure) {
  const data = pageData()
  const drawing = /** @type {any} */ (figure.querySelector('.place-map'))
  const earth = /** @type {any} */ (figure.querySelector('.map-earth'))
  const marks = /** @type {any} */ (figure.querySelector('.map-marks'))
  const tools = /** @type {HTMLElement} */ (figure.querySelector('.map-tools'))
  /** @type {View} */
  const first = data.window
  /** @type {View} */
  let view = [...first]
  let fine = false

  /** The first view holds the outlines of its own part of the Earth: before another is shown, all of them come. */
  async function outlines() {
    if (fine) return
    fine = true
    try {
      const told = await (await fetch(vendorUrl('outlines.json'))).json()
      earth.querySelector('.map-land').setAttribute('d', path(told.fine.land, 'z'))
      earth.querySelector('.map-borders').setAttribute('d', path(told.fine.borders, ''))
    } catch {
      fine = false // no connection: the marks move over the outlines that are there
    }
  }

  function draw() {
    const scale = WIDTH / view[2]
    earth.setAttribute('transform', `scale(${scale}) translate(${-view[0]} ${-view[1]})`)
    const groups = grouped(data.places, view, data.apart)
    const most = Math.max(...groups.map((g) => g.samples))
    const [least, largest] = data.radius
    const focused = document.activeElement instanceof SVGElement ? document.activeElement.getAttribute('href') : null
    marks.replaceChildren(...groups.filter((g) => g.x > -30 && g.x < WIDTH + 30 && g.y > -30 && g.y < HEIGHT + 30).map((g) => {
      const [, , , words, link] = g.places[0]
      const said = `${g.places.length > 1 ? `${g.places.length} places around ${words}` : words}: ${count(g.samples)} sample${g.samples === 1 ? '' : 's'}`
      const r = most ? least + (largest - least) * Math.sqrt(g.samples / most) : least
      const mark = svg('a', { class: 'map-mark', href: link, 'aria-label': said },
        svg('title', { text: said }), svg('circle', { cx: g.x.toFixed(1), cy: g.y.toFixed(1), r: r.toFixed(1) }))
      if (g.places.length > 1) mark.append(svg('text', { x: g.x.toFixed(1), y: g.y.toFixed(1), dy: '.35em', text: String(g.places.length) }))
      mark.addEventListener('click', (/** @type {Event} */ event) => {
        if (moved) event.preventDefault()
        else if (g.places.length > 1 && apart(g.places)) event.preventDefault(), show(around(g.places))
      })
      return mark
    }))
    if (focused) marks.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus()
    const shown = groups.filter((g) => g.x >= 0 && g.x <= WIDTH && g.y >= 0 && g.y <= HEIGHT).reduce((n, g) => n + g.places.length, 0)
    told.textContent = `${count(shown)} of ${count(data.places.length)} places in view`
    nearer.disabled = view[2] <= NEAREST
    further.disabled = view[2] >= data.world[2] * 1.02
  }

  /** Whether zooming in can tell places apart at all. @param {Place[]} places */
  const apart = (places) => Math.max(...places.map((p) => Math.hypot(p[0] - places[0][0], p[1] - places[0][1]))) * WIDTH / NEAREST > data.apart

  /** The view that holds places with room around them. @param {Place[]} places @returns {View} */
  function around(places) {
    const xs = places.map((p) => p[0])
    const ys = places.map((p) => p[1])
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
    const width = Math.max((right - left) * 1.4, (bottom - top) * 1.4 * WIDTH / HEIGHT, NEAREST)
    return [(left + right - width) / 2, (top + bottom - width * HEIGHT / WIDTH) / 2, width, width * HEIGHT / WIDTH]
  }

  /** @param {View} wanted */
  function show(wanted) {
    outlines()
    const widest = data.world[2] * 1.02
    const width = Math.min(widest, Math.max(NEAREST, wanted[2]))
    const height = width * HEIGHT / WIDTH
    const [cx, cy] = [wanted[0] + wanted[2] / 2, wanted[1] + wanted[3] / 2]
    // The middle of the view stays on the Earth.
    const x = width >= widest ? 0 : Math.min(data.world[2] / 2, Math.max(-data.world[2] / 2, cx))
    const y = width >= widest ? 0 : Math.min(data.world[3] / 2, Math.max(-data.world[3] / 2, cy))
    view = [x - width / 2, y - height / 2, width, height]
    draw()
  }

  /** Nearer (below 1) or further, around a point of the drawing (from 0 to 1). @param {number} by @param {number} [u] @param {number} [v] */
  const zoom = (by, u = 0.5, v = 0.5) =>
    show([view[0] + view[2] * u * (1 - by), view[1] + view[3] * v * (1 - by), view[2] * by, view[3] * by])
  /** @param {number} dx @param {number} dy */
  const move = (dx, dy) => show([view[0] + dx * view[2], view[1] + dy * view[3], view[2], view[3]])

  const nearer = el('button', { class: 'button', type: 'button', text: 'Zoom in', onclick: () => zoom(1 / STEP) })
  const further = el('button', { class: 'button', type: 'button', text: 'Zoom out', onclick: () => zoom(STEP) })
  const all = el('button', { class: 'button', type: 'button', text: 'All places', onclick: () => show([...first]) })
  const world = el('button', { class: 'button', type: 'button', text: 'Whole Earth', onclick: () => zoom(1000) })
  const told = el('span', { role: 'status' })
  tools.append(nearer, further, all, world, told)
  tools.hidden = false

  drawing.setAttribute('tabindex', '0')
  drawing.addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    /** @type {Record<string, () => void>} */
    const keys = {
      '+': () => zoom(1 / STEP), '=': () => zoom(1 / STEP), '-': () => zoom(STEP), '0': () => show([...first]),
      ArrowLeft: () => move(-0.15, 0), ArrowRight: () => move(0.15, 0), ArrowUp: () => move(0, -0.15), ArrowDown: () => move(0, 0.15),
    }
    if (!keys[event.key]) return
    event.preventDefault()
    keys[event.key]()
  })
  // The wheel alone scrolls the page; with Ctrl, which is also what two fingers on a touchpad send, it zooms.
  drawing.addEventListener('wheel', (/** @type {WheelEvent} */ event) => {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    const box = drawing.getBoundingClientRect()
    zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 100), (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height)
  }, { passive: false })
  let moved = false
  drawing.addEventListener('pointerdown', (/** @type {PointerEvent} */ event) => {
    moved = false
    if (event.button || event.pointerType === 'touch') return // a finger scrolls the page; it has the buttons
    const from = [event.clientX, event.clientY]
    const was = [...view]
    const box = drawing.getBoundingClientRect()
    const on = (/** @type {PointerEvent} */ now) => {
      const [dx, dy] = [now.clientX - from[0], now.clientY - from[1]]
      if (!moved && Math.hypot(dx, dy) < 4) return
      moved = true
      drawing.classList.add('map-dragged')
      show([was[0] - dx / box.width * was[2], was[1] - dy / box.height * was[3], was[2], was[3]])
    }
    const end = () => {
      drawing.classList.remove('map-dragged')
      removeEventListener('pointermove', on)
      removeEventListener('pointerup', end)
      removeEventListener('pointercancel', end)
    }
    addEventListener('pointermove', on)
    addEventListener('pointerup', end)
    addEventListener('pointercancel', end)
  })
  drawing.addEventListener('dragstart', (/** @type {Event} */ event) => event.preventDefault())
  draw() // the same marks, which now answer to a click
}

const figure = globalThis.document?.querySelector('[data-map]')
if (figure instanceof HTMLElement) start(figure)
