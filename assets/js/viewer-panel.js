// The panel of a viewer: a row a channel (shown, colour or lookup table, window over its histogram, typed or automatic).

import { el, svg } from './dom.js'
import { lutNames } from './viewer-luts.js'
import { drawn, initial } from './viewer-state.js'
import { colours } from './viewer-tiles.js'

/** @typedef {import('./viewer-tiles.js').TileInfo} TileInfo */
/** @typedef {import('./viewer-state.js').View} View */

const STEPS = 1000

/** All digits of a whole number, three of others; from 1e15, powers of ten. @param {number} value */
export function shortNumber(value) {
  const size = Math.abs(value)
  if (size >= 1e15) return value.toExponential(5).replace(/\.?0+e/, 'e')
  return String(Number(value.toPrecision(size >= 1000 ? Math.ceil(Math.log10(size + 1)) : 3)))
}

/** A value between limits so far apart, to a hundred-thousandth of that: it stands in the address. @param {number} value @param {number} span */
export function rounded(value, span) {
  const places = 5 - Math.ceil(Math.log10(span))
  return places < 0 || places > 100 ? Number(value.toPrecision(6)) : Number(value.toFixed(places))
}

/** A histogram as the outline of an area, heights by their square root so that rare bright pixels are seen. @param {number[]} counts */
function outline(counts) {
  const most = Math.sqrt(Math.max(1, ...counts))
  return 'M0 40' + counts.map((n, i) => `L${i} ${(40 - (Math.sqrt(n) / most) * 38).toFixed(1)}H${i + 1}`).join('') + 'V40Z'
}

/**
 * A window from a histogram: from the value below which half a per cent of the pixels lie to that above which one in
 * five hundred does, so that neither an empty border nor a few hot pixels make it.
 * @param {number[]} counts of equal width between the limits @param {[number, number]} limits @returns {[number, number]}
 */
export function autoWindow(counts, [least, most]) {
  const total = counts.reduce((sum, n) => sum + n, 0)
  if (!total) return [least, most]
  const width = (most - least) / counts.length
  const at = (/** @type {number} */ share) => {
    let before = 0
    for (const [i, n] of counts.entries()) {
      if (n && before + n >= share * total) return least + (i + (share * total - before) / n) * width
      before += n
    }
    return most
  }
  const [low, high] = [at(0.005), at(0.998)]
  const found = [low, high].map((value) => rounded(value, most - least))
  return found[1] > found[0] ? [found[0], found[1]] : [least, most]
}

/** Shows one channel alone; again, all that are shown by default. @param {View} view @param {TileInfo} info @param {number} index */
export function solo(view, info, index) {
  const alone = view.channels.every((c, i) => c.shown === (i === index))
  const start = initial(info).channels
  view.channels.forEach((c, i) => (c.shown = alone ? start[i].shown : i === index))
}

/** Shows or hides a channel; in grey, which shows one at a time, the others make room. @param {View} view @param {number} index @param {boolean} shown */
export function show(view, index, shown) {
  if (view.grey && shown) view.channels.forEach((c, i) => (c.shown = i === index))
  else view.channels[index].shown = shown
}

/** @param {string} text @param {string} label @param {string} title @param {(e: MouseEvent) => void} onclick @param {string} [kind] */
const tool = (text, label, title, onclick, kind = '') => el('button', { type: 'button', class: `channel-tool ${kind}`.trim(), text, title, 'aria-label': label, onclick })

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
  const set = (/** @type {Partial<import('./viewer-state.js').ChannelView>} */ values) => { Object.assign(mine(), values); changed() }
  const shown = el('input', { type: 'checkbox', class: 'channel-shown', 'aria-label': `Show ${name}`, onchange: () => { show(view(), index, shown.checked); changed() } })
  // Alt and click on the name: this channel alone.
  const label = el('label', { class: 'channel-label', title: 'Alt and click: this channel alone',
    onclick: (/** @type {MouseEvent} */ e) => { if (e.altKey) { e.preventDefault(); solo(view(), info, index); changed() } } }, shown, el('span', { class: 'channel-name', text: name }))
  const alone = tool('Solo', `Solo: ${name} alone`, 'This channel alone; again: all', () => { solo(view(), info, index); changed() })
  const colour = el('input', { type: 'color', class: 'channel-colour', 'aria-label': `Colour of ${name}`, oninput: () => set({ colour: colour.value, lut: '' }) })
  const handle = (/** @type {'low' | 'high'} */ end) => {
    const input = el('input', { type: 'range', class: `channel-${end}`, min: '0', max: String(STEPS), step: '1',
      'aria-label': `${end === 'low' ? 'Darkest' : 'Brightest'} value shown of ${name}`,
      oninput: () => {
        const steps = Number(input.value)
        const value = steps === 0 ? least : steps === STEPS ? most : rounded(least + (steps / STEPS) * span, span)
        // One handle never passes the other.
        set({ [end]: end === 'low' ? Math.min(value, mine().high) : Math.max(value, mine().low) })
      } })
    return input
  }
  const typed = (/** @type {'low' | 'high'} */ end) => {
    const input = el('input', { type: 'number', class: 'channel-number', step: 'any', 'aria-label': `${name}: ${end === 'low' ? 'darkest' : 'brightest'}, typed`,
      onchange: () => {
        const value = Number(input.value)
        if (input.value === '' || !Number.isFinite(value)) return update()
        set(end === 'low' ? { low: value, high: Math.max(value, mine().high) } : { high: value, low: Math.min(value, mine().low) })
      } })
    return input
  }
  const [low, high, lowNumber, highNumber] = [handle('low'), handle('high'), typed('low'), typed('high')]
  const counts = info.histograms?.[index] ?? []
  const histogram = svg('svg', { class: 'channel-histogram', viewBox: `0 0 ${counts.length || 1} 40`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('path', { d: outline(counts), fill: 'currentColor' }))
  const auto = tool('Auto', `Auto: window of ${name} from its histogram`, 'From the histogram', () => {
    const [from, to] = autoWindow(counts, info.limits[index])
    set({ low: from, high: to })
  })
  const first = initial(info).channels[index]
  const reset = tool('Reset', `Reset ${name}`, 'As it was', () => set({ ...first, shown: mine().shown }))
  const invert = tool('Invert', `Invert ${name}`, 'Dark for bright', () => set({ invert: !mine().invert }))
  const table = el('select', { class: 'channel-lut', 'aria-label': `Lookup table of ${name}`, onchange: () => set({ lut: table.value }) },
    el('option', { value: '', text: 'Plain colour' }), ...lutNames().map(([key, said]) => el('option', { value: key, text: said })))
  const strip = el('canvas', { class: 'channel-strip', width: '64', height: '1', 'aria-hidden': 'true' })
  const more = el('details', { class: 'channel-more' }, el('summary', { 'aria-label': `More for ${name}`, text: 'More' }), el('div', { class: 'channel-tools' }, table, invert, reset))
  const element = el('fieldset', { class: 'channel' }, el('legend', { class: 'visually-hidden', text: name }),
    el('div', { class: 'channel-head' }, label, alone, colour),
    el('div', { class: 'channel-window' }, histogram, low, high), strip,
    el('div', { class: 'channel-numbers' }, lowNumber, auto, more, highNumber))
  let painted = ''
  function update() {
    const { shown: on, colour: tint, low: from, high: to, lut, invert: turned } = mine()
    shown.checked = on
    colour.value = tint
    table.value = lut
    const share = (/** @type {number} */ value) => Math.min(1, Math.max(0, (value - least) / span))
    low.value = String(Math.round(share(from) * STEPS))
    high.value = String(Math.round(share(to) * STEPS))
    for (const [input, number, value] of [[low, lowNumber, from], [high, highNumber, to]]) {
      input.setAttribute('aria-valuetext', shortNumber(value))
      if (document.activeElement !== number) number.value = shortNumber(value)
    }
    invert.setAttribute('aria-pressed', String(turned))
    alone.setAttribute('aria-pressed', String(view().channels.every((c, i) => c.shown === (i === index))))
    element.style.setProperty('--channel-colour', lut || view().grey ? '#9aa4af' : tint)
    element.style.setProperty('--channel-from', String(share(from)))
    element.style.setProperty('--channel-to', String(share(to)))
    element.classList.toggle('channel-off', !drawn(view())[index])
    const asked = JSON.stringify([mine(), view().grey])
    if (asked !== painted) paint()
    painted = asked
  }
  /** What each value between the limits is drawn as. */
  function paint() {
    const context = /** @type {CanvasRenderingContext2D | null} */ (strip.getContext('2d'))
    const linear = colours({ ...info, coding: 'linear' }, index, mine(), view().grey)
    if (!context) return
    const line = context.createImageData(64, 1)
    for (let i = 0; i < 64; i++) line.data.set([...linear.slice(Math.round(i * 255 / 63) * 3, Math.round(i * 255 / 63) * 3 + 3), 255], i * 4)
    context.putImageData(line, 0, 0)
  }
  return { element, update }
}

/**
 * @param {TileInfo} info @param {() => View} view @param {() => void} changed
 * @returns {{element: HTMLElement, update: () => void}}
 */
export function panel(info, view, changed) {
  const acted = () => { changed(); update() }
  const rows = info.kind === 'strips' ? info.channels.map((_, index) => channelRow(info, index, view, acted)) : []
  const element = el('div', { class: 'viewer-panel', role: 'group', 'aria-label': 'Channels and regions' })
  const colour = tool('Colour', 'Colour: channels in their colours, added up', 'Channels in their colours, added up', () => { view().grey = false; acted() })
  const grey = tool('Grey', 'Grey: one channel at a time', 'One channel at a time, in grey', () => { view().grey = true; acted() })
  if (rows.length) {
    element.append(el('div', { class: 'viewer-modes' },
      el('div', { class: 'viewer-pair', role: 'group', 'aria-label': 'Colour or grey' }, colour, grey),
      tool('Auto all', 'Auto all: windows from their histograms', 'All windows from their histograms', () => {
        view().channels.forEach((c, i) => ([c.low, c.high] = autoWindow(info.histograms?.[i] ?? [], info.limits[i])))
        acted()
      })), ...rows.map((row) => row.element))
  }
  function update() {
    colour.setAttribute('aria-pressed', String(!view().grey))
    grey.setAttribute('aria-pressed', String(view().grey))
    for (const row of rows) row.update()
  }
  return { element, update }
}
