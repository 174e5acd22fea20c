// The panel of a viewer: a row a channel (shown, colour, window over its histogram), and the list of regions.

import { el, svg } from './dom.js'

/** @typedef {import('./viewer-tiles.js').TileInfo} TileInfo */
/** @typedef {import('./viewer-state.js').View} View */

const STEPS = 1000

/** @param {number} value */
export const shortNumber = (value) => String(Number(value.toPrecision(value >= 1000 ? Math.ceil(Math.log10(value + 1)) : 3)))

/** A histogram as the outline of an area, heights by their square root so that rare bright pixels are seen. @param {number[]} counts */
function outline(counts) {
  const most = Math.sqrt(Math.max(1, ...counts))
  return 'M0 40' + counts.map((n, i) => `L${i} ${(40 - (Math.sqrt(n) / most) * 38).toFixed(1)}H${i + 1}`).join('') + 'V40Z'
}

/**
 * One channel's row. Calls `changed` after it has written the reader's choice into the view.
 * @param {TileInfo} info @param {number} index @param {() => View} view @param {() => void} changed
 * @returns {{element: HTMLElement, update: () => void}}
 */
function channelRow(info, index, view, changed) {
  const channel = info.channels[index]
  const name = channel.label ? `${channel.name} (${channel.label})` : channel.name
  const [least, most] = info.limits[index]
  const span = most - least || 1
  const mine = () => view().channels[index]
  const shown = el('input', { type: 'checkbox', class: 'channel-shown', 'aria-label': `Show ${name}`, onchange: () => { mine().shown = shown.checked; changed() } })
  const colour = el('input', { type: 'color', class: 'channel-colour', 'aria-label': `Colour of ${name}`, oninput: () => { mine().colour = colour.value; changed() } })
  const values = el('output', { class: 'channel-values' })
  const handle = (/** @type {'low' | 'high'} */ end) => {
    const input = el('input', { type: 'range', class: `channel-${end}`, min: '0', max: String(STEPS), step: '1',
      'aria-label': `${end === 'low' ? 'Darkest' : 'Brightest'} value shown of ${name}`,
      oninput: () => {
        const value = least + (Number(input.value) / STEPS) * span
        // One handle never passes the other.
        mine()[end] = end === 'low' ? Math.min(value, mine().high) : Math.max(value, mine().low)
        changed()
      } })
    return input
  }
  const [low, high] = [handle('low'), handle('high')]
  const counts = info.histograms?.[index] ?? []
  const histogram = svg('svg', { class: 'channel-histogram', viewBox: `0 0 ${counts.length || 1} 40`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('path', { d: outline(counts), fill: 'currentColor' }))
  const window = el('div', { class: 'channel-window' }, histogram, low, high, values)
  const element = el('fieldset', { class: 'channel' }, el('legend', { class: 'visually-hidden', text: name }),
    el('div', { class: 'channel-head' }, el('label', { class: 'channel-label' }, shown, el('span', { class: 'channel-name', text: name })), colour), window)
  return {
    element,
    update() {
      const { shown: on, colour: tint, low: from, high: to } = mine()
      shown.checked = on
      colour.value = tint
      low.value = String(Math.round(((from - least) / span) * STEPS))
      high.value = String(Math.round(((to - least) / span) * STEPS))
      for (const [input, value] of [[low, from], [high, to]]) input.setAttribute('aria-valuetext', shortNumber(value))
      values.textContent = `${shortNumber(from)} – ${shortNumber(to)}`
      element.style.setProperty('--channel-colour', tint)
      element.style.setProperty('--channel-from', String((from - least) / span))
      element.style.setProperty('--channel-to', String((to - least) / span))
      element.classList.toggle('channel-off', !on)
    },
  }
}

/**
 * @param {TileInfo} info @param {() => View} view @param {() => void} changed
 * @returns {{element: HTMLElement, update: () => void}}
 */
export function panel(info, view, changed) {
  const rows = info.kind === 'strips' ? info.channels.map((_, index) => channelRow(info, index, view, () => { changed(); rows[index].update() })) : []
  const element = el('div', { class: 'viewer-panel', role: 'group', 'aria-label': 'Channels and regions' }, ...rows.map((row) => row.element))
  if (info.synthetic && rows.length) element.append(el('p', { class: 'viewer-note', text: 'A synthetic image: made by a program.' }))
  if (rows.length) element.append(el('p', { class: 'viewer-note', text: 'Values are approximate: tiles are compressed 8-bit copies. Exact values are in the source file.' }))
  return { element, update: () => rows.forEach((row) => row.update()) }
}

/**
 * A slider for planes or time points, or null where there is only one.
 * @param {string} label @param {number} n @param {() => number} get @param {(value: number) => void} set @param {(value: number) => string} said
 */
export function stepper(label, n, get, set, said) {
  if (n < 2) return null
  const output = el('output', {})
  const input = el('input', { type: 'range', min: '0', max: String(n - 1), step: '1', oninput: () => set(Number(input.value)) })
  return {
    element: el('label', { class: 'viewer-slider' }, el('span', { text: label }), input, output),
    update() {
      input.value = String(get())
      const text = `${get() + 1} of ${n}${said(get())}`
      output.textContent = text
      input.setAttribute('aria-valuetext', text)
    },
  }
}

/** @param {[string, string][]} keys */
export function helpDialog(keys) {
  const close = el('button', { type: 'button', class: 'viewer-button', text: 'Close', onclick: () => dialog.close() })
  const dialog = el('dialog', { class: 'viewer-help', 'aria-label': 'Keys of the viewer' }, el('h2', { text: 'Keys' }),
    el('dl', {}, ...keys.flatMap(([key, meaning]) => [el('dt', {}, el('kbd', { text: key })), el('dd', { text: meaning })])), close)
  return dialog
}
