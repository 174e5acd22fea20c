// Two to four images side by side (`compare/?images=<address>,<address>`): one window, one plane, one place for all.

import { atRoot, el } from './dom.js'
import { MOST, compareAddress } from './viewer-compared.js'
import { resolve } from './viewer-resolve.js'
import { asked } from './viewer-state.js'
import { Stage } from './viewer-stage.js'

/** @typedef {import('./viewer-state.js').View} View */

/** References in the address. @param {string} search */
const wanted = (search) => (/[?&]images=([^&]*)/.exec(search)?.[1] ?? '').split(',').filter(Boolean).map((part) => {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}).slice(0, MOST)

/** Makes the others show what one shows. @param {Stage[]} stages @param {Stage} from */
function follow(stages, from) {
  const { view } = from
  for (const stage of stages) {
    if (stage === from) continue
    const mine = stage.view
    const before = JSON.stringify([mine.channels, mine.z, mine.t, mine.grey, mine.projection])
    mine.channels.forEach((channel, i) => view.channels[i] && Object.assign(channel, view.channels[i]))
    Object.assign(mine, { z: Math.min(view.z, stage.info.z - 1), t: Math.min(view.t, stage.info.t - 1), grey: view.grey, projection: view.projection && !!stage.info.projection })
    if (JSON.stringify([mine.channels, mine.z, mine.t, mine.grey, mine.projection]) !== before) {
      stage.controls()
      stage.changed()
    }
    if (mine.rotation !== view.rotation || mine.flip !== view.flip) stage.turn(view.rotation, view.flip)
  }
}

/** The same place and scale, in µm where both know their pixels. @param {Stage[]} stages @param {Stage} from */
function place(stages, from) {
  if (!from.opened) return
  const centre = from.tiledImage.viewportToImageCoordinates(from.viewer.viewport.getCenter(true))
  const scale = from.scaleNow()
  for (const stage of stages) {
    if (stage === from || !stage.opened) continue
    const by = from.info.pixel_size && stage.info.pixel_size ? from.info.pixel_size / stage.info.pixel_size : 1
    const { viewport } = stage.viewer
    viewport.zoomTo(stage.tiledImage.imageToViewportZoom(scale / by), null, true)
    viewport.panTo(stage.tiledImage.imageToViewportCoordinates(centre.x * by, centre.y * by), true)
  }
}

/** @param {HTMLElement} root */
async function compare(root) {
  const references = wanted(location.search)
  const { parts } = asked({ search: '', hash: location.hash })
  if (references.length < 2) return
  root.replaceChildren()
  root.hidden = false
  document.getElementById('compare-how')?.setAttribute('hidden', '')
  root.dataset.images = String(references.length)
  /** @type {Stage[]} */
  const stages = []
  let busy = false
  const linked = (/** @type {(stages: Stage[], from: Stage) => void} */ run, /** @type {Stage} */ from) => {
    if (busy) return
    busy = true
    try {
      run(stages, from)
    } finally {
      busy = false
    }
  }
  const opened = await Promise.all(references.map(async (reference, i) => {
    const viewer = el('div', { class: 'viewer' })
    const caption = el('h2', { class: 'compared-name' })
    const box = el('section', { class: 'compared' }, caption, viewer)
    root.append(box)
    try {
      const found = await resolve(reference)
      caption.append(el('a', { href: found.address, text: found.name }), ...(found.study ? [' ', el('span', { class: 'mono', text: found.study })] : []), ...(found.licence ? [' ', el('span', { class: 'compared-licence', text: found.licence })] : []))
      const others = references.filter((r) => r !== reference)
      caption.append(' ', el('a', { class: 'compared-remove', href: others.length > 1 ? compareAddress(others) : atRoot(reference), 'aria-label': `Leave out ${found.name}`, text: 'Leave out' }))
      return await Stage.open(viewer, { ...found.links, info: found.info, name: found.name, rois: found.rois }, {
        parts, plain: i > 0, moved: (hash) => i === 0 && history.replaceState(history.state, '', location.pathname + location.search + (hash ? `#${hash}` : '')),
      })
    } catch (error) {
      caption.textContent = reference
      viewer.replaceWith(el('p', { class: 'notice', text: `This image cannot be shown: ${/** @type {Error} */ (error).message}.` }))
      return null
    }
  }))
  for (const stage of opened) if (stage) stages.push(stage)
  for (const stage of stages) {
    stage.followers.add(() => linked(follow, stage))
    stage.viewer.addHandler('viewport-change', () => linked(place, stage))
  }
  const first = stages.find((stage) => !stage.plain)
  if (!first) return
  linked(follow, first)
  first.fold.hidden = true
  // What sets all of them stands under all of them.
  root.after(el('section', { class: 'compare-controls viewer', 'aria-label': 'Controls of all images' }, first.bottom, first.panel.element))
}

const root = document.getElementById('compare')
if (root) compare(root)
