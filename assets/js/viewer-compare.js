// Two to four images side by side, one window, one plane, one place for all: on a page of their own
// (`compare/?images=<address>,<address>`), and on a plate's or dataset's page, which hands over what it knows of them.

import { atRoot, el } from './dom.js'
import { MOST, compareAddress } from './viewer-compared.js'
import { resolve } from './viewer-resolve.js'
import { asked } from './viewer-state.js'
import { Stage } from './viewer-stage.js'

/** @typedef {import('./viewer-state.js').View} View */
/** @typedef {{name: string, find: () => Promise<{image: import('./viewer-stage.js').ImageAddress, title: Node[]}>, out: () => Node}} Compared
 *   `name` is shown where it cannot be found; `out` leaves it out */

/** References in the address; an image's id alone stands for its page. @param {string} search */
const wanted = (search) => (/[?&]images=([^&]*)/.exec(search)?.[1] ?? '').split(',').filter(Boolean).map((part) => {
  try {
    const text = decodeURIComponent(part)
    return /^[\w-][\w.-]*$/.test(text) ? `images/${text}/` : text
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
    if (from.image.zarr && mine.exact !== view.exact) stage.accuracy.set(view.exact)
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

/**
 * Opens images beside each other in an element, and what sets all of them after it.
 * @param {HTMLElement} root @param {Compared[]} images @param {{parts: Map<string, string>, keep?: View | null, moved: (hash: string) => void}} options
 *   `moved` hears of the view of the first one; `keep` is a view of an image like these
 * @returns {Promise<{stages: Stage[], close: () => void}>}
 */
export async function sideBySide(root, images, { parts, keep = null, moved }) {
  root.replaceChildren()
  root.hidden = false
  root.dataset.images = String(images.length)
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
  const opened = await Promise.all(images.map(async ({ name, find, out }, i) => {
    const viewer = el('div', { class: 'viewer' })
    const caption = el('h2', { class: 'compared-name' })
    root.append(el('section', { class: 'compared' }, caption, viewer))
    try {
      const { image, title } = await find()
      caption.append(...title, ' ', out())
      return await Stage.open(viewer, image, { parts, keep, plain: i > 0, moved: (hash) => i === 0 && moved(hash) })
    } catch (error) {
      caption.replaceChildren(name, ' ', out())
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
  const controls = first && el('section', { class: 'compare-controls viewer', 'aria-label': 'Controls of all images' }, first.bottom, first.panel.element)
  if (first) {
    linked(follow, first)
    first.fold.hidden = true
    // What sets all of them stands under all of them.
    root.after(controls)
  }
  return {
    stages,
    close() {
      for (const stage of stages) stage.close()
      controls?.remove()
      root.replaceChildren()
      root.hidden = true
    },
  }
}

/** @param {HTMLElement} root */
function compare(root) {
  const references = wanted(location.search)
  const { parts } = asked({ search: '', hash: location.hash })
  if (references.length < 2) return
  document.getElementById('compare-how')?.setAttribute('hidden', '')
  const images = references.map((reference) => {
    let name = reference
    const others = references.filter((r) => r !== reference)
    return {
      name,
      out: () => el('a', { class: 'compared-remove', href: others.length > 1 ? compareAddress(others) : atRoot(others[0] ?? reference), 'aria-label': `Leave out ${name}`, text: 'Leave out' }),
      find: async () => {
        const found = await resolve(reference)
        name = found.name
        const title = [el('a', { href: found.address, text: found.name }), ...(found.study ? [' ', el('span', { class: 'mono', text: found.study })] : []),
          ...(found.licence ? [' ', el('span', { class: 'compared-licence', text: found.licence })] : [])]
        return { image: { ...found.links, info: found.info, name: found.name, rois: found.rois }, title }
      },
    }
  })
  sideBySide(root, images, { parts, moved: (hash) => history.replaceState(history.state, '', location.pathname + location.search + (hash ? `#${hash}` : '')) })
}

const root = document.getElementById('compare')
if (root) compare(root)
