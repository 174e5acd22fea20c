// What stands around a picture: sliders that play, the buttons, the scale bar, the list of keys.

import { el } from './dom.js'
import { scaleBar } from './viewer-state.js'

/** @type {[string, string][]} */
export const KEYS_TOLD = [
  ['← ↑ → ↓', 'move'], ['+ −', 'zoom'], ['0', 'the whole image'], ['1 … 9', 'show or hide a channel'], ['Shift 1 … 9', 'a channel alone'],
  ['A', 'all windows from their histograms'], ['G', 'grey or colour'], ['[ ]', 'plane before, after'], [', .', 'time point before, after'],
  ['P', 'play planes, or time points; pause'], ['M', 'maximum of all planes'], ['O', 'orthogonal views'], ['T', 'turn by 90°'], ['H', 'mirror'],
  ['N', 'small map of the whole image'], ['V', 'values in the middle of what is seen'], ['Shift ← ↑ → ↓', 'then by one pixel of the image'], ['E', 'exact values, where the image has an OME-Zarr'], ['C', 'copy the link'], ['S', 'save the picture'], ['R', 'everything as it was'], ['F', 'full screen'], ['?', 'this list'],
]

/** @param {string} text @param {string} title @param {(e: any) => void} onclick @param {string} [kind] */
export const button = (text, title, onclick, kind = '') => el('button', { type: 'button', class: `viewer-button ${kind}`.trim(), text, title, onclick })

/** Steps a second. */
const SPEEDS = [1, 2, 5, 10, 20]

/**
 * A slider for planes or time points with a button that plays them, or null where there is only one.
 * @param {string} label @param {number} n
 * @param {{get: () => number, set: (value: number) => void, ready: (value: number) => Promise<unknown>, said: (value: number) => string, extra?: HTMLElement}} act
 *   `ready` fetches what a step needs; `said` is told beside the number
 */
export function stepper(label, n, { get, set, ready, said, extra }) {
  if (n < 2) return null
  const output = el('output', {})
  const input = el('input', { type: 'range', min: '0', max: String(n - 1), step: '1', 'aria-label': label, oninput: () => { stop(); set(Number(input.value)) } })
  const play = button('▶', `Play: ${label.toLowerCase()}s one after another (P)`, () => (playing ? stop() : start()), 'viewer-play')
  play.setAttribute('aria-label', `Play ${label.toLowerCase()}s`)
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches
  const speed = el('select', { class: 'viewer-speed', 'aria-label': `Speed of ${label.toLowerCase()}s` },
    ...SPEEDS.map((s) => el('option', { value: String(s), text: `${s}/s`, selected: s === (calm ? 1 : 5) })))
  let playing = false
  let round = 0
  async function start() {
    playing = true
    const mine = ++round
    said1()
    while (playing && mine === round) {
      const next = (get() + 1) % n
      const wait = new Promise((done) => setTimeout(done, 1000 / Number(speed.value)))
      // A page that nobody sees does not play on; a plane that is not here yet is waited for.
      if (document.hidden) await new Promise((done) => document.addEventListener('visibilitychange', done, { once: true }))
      await Promise.all([wait, ready(next).catch(() => {})])
      if (playing && mine === round) set(next)
    }
  }
  function stop() {
    playing = false
    said1()
  }
  function said1() {
    play.textContent = playing ? '❚❚' : '▶'
    play.setAttribute('aria-pressed', String(playing))
  }
  said1()
  return {
    element: el('div', { class: 'viewer-slider', role: 'group', 'aria-label': label }, el('span', { text: label, 'aria-hidden': 'true' }), play, input, output, speed, extra),
    input,
    toggle: () => (playing ? stop() : start()),
    stop,
    update() {
      input.value = String(get())
      const text = `${get() + 1} of ${n}${said(get())}`
      output.textContent = text
      input.setAttribute('aria-valuetext', text)
    },
  }
}

/** @param {string} title @param {...Node} content */
export function dialog(title, ...content) {
  const close = el('button', { type: 'button', class: 'viewer-button', text: 'Close', onclick: () => element.close() })
  const element = el('dialog', { class: 'viewer-help', 'aria-label': title, onclose: () => element.dispatchEvent(new Event('closed')) }, el('h2', { text: title }), ...content, close)
  return element
}

export const helpDialog = () => dialog('Keys of the viewer', el('dl', {}, ...KEYS_TOLD.flatMap(([key, meaning]) => [el('dt', {}, el('kbd', { text: key })), el('dd', { text: meaning })])))

/** A button that opens a list of others; it closes on Escape and on a click beside it. @param {string} text @param {HTMLElement[]} items */
export function menu(text, items) {
  const element = el('details', { class: 'viewer-menu' }, el('summary', { class: 'viewer-button', text }), el('div', { class: 'viewer-menu-list' }, ...items))
  element.addEventListener('keydown', (/** @type {KeyboardEvent} */ e) => {
    if (e.key !== 'Escape' || !element.open) return
    element.open = false
    element.querySelector('summary')?.focus()
  })
  element.addEventListener('focusout', (/** @type {FocusEvent} */ e) => { if (e.relatedTarget && !element.contains(e.relatedTarget)) element.open = false })
  return element
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
