// What lies over the pixels: regions and tracks, localisations, label images, another image. Each is a layer with a part of the
// panel; a layer is fetched when it is there, or when it is shown.

import { el } from './dom.js'
import { packed, unpacked } from './viewer-regions-shapes.js'

/** @typedef {import('./viewer-state.js').View} View */
/**
 * What a layer needs of the viewer.
 * @typedef {{OpenSeadragon: any, viewer: any, tiledImage: any, base: string, view: View, fly: (box: import('./viewer-regions-shapes.js').Box) => void,
 *   changed: () => void, tell?: () => void, step?: (axis: 'z' | 't', value: number) => void, project?: (on: boolean) => void, fail?: (text: string) => void}} Stage
 */
/** @typedef {{x: number, y: number}} Point */
/**
 * One layer. `hit`: whether a click at a pixel of the image means something of it; `over`: what it says of a pixel.
 * @typedef {{panel: HTMLElement, elements: Element[], place: (origin: Point, scale: number) => void, update: (view: View) => void,
 *   state: () => Record<string, any>, restore: (parts: Map<string, string>) => void,
 *   hit?: (x: number, y: number, scale: number) => boolean, over?: (x: number, y: number) => string, clear?: () => void}} Layer
 */

/** @param {string} address @returns {Promise<any>} */
export async function json(address) {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(`${new URL(address).pathname.split('/').pop()} could not be read (${answer.status})`)
  return answer.json()
}

/** Our style sheet comes with us: most images have nothing over them. @returns {Promise<void>} */
function styled() {
  const href = new URL('../css/overlay.css', import.meta.url).href
  if ([...document.styleSheets].some((sheet) => sheet.href === href)) return Promise.resolve()
  return new Promise((resolve) => {
    const link = el('link', { rel: 'stylesheet', href, onload: resolve, onerror: resolve })
    document.head.append(link)
  })
}

/**
 * Opens everything that lies over an image.
 * @param {Stage} stage @param {import('./viewer-tiles.js').TileInfo & Record<string, any>} info its info.json
 * @param {{rois?: string | null} & Record<string, any>} image `rois`: address of its rois.json; `pairs`: a list of Pair (viewer-correlate.js), as JSON where an attribute says it
 */
export async function openOverlays(stage, info, image) {
  const folder = stage.base
  const told = image.rois ? await json(new URL(image.rois, document.baseURI).href) : {}
  const tell = () => (stage.tell ?? stage.changed).call(stage)
  /** @type {Promise<Layer>[]} */
  const opening = []
  // Under what is drawn with lines lies what fills areas.
  for (const pair of typeof image.pairs === 'string' ? JSON.parse(image.pairs) : image.pairs ?? []) opening.push(import('./viewer-correlate.js').then(({ Correlated }) => Correlated.open(stage, info, pair, tell)))
  const labels = info.labels ?? []
  if (labels.length) opening.push(import('./viewer-labels.js').then(({ Labels }) => new Labels(stage, info, folder, tell)))
  if (told.points?.length) opening.push(import('./viewer-points.js').then(({ Localisations }) => new Localisations(stage, told.points, folder, tell)))
  if (told.features?.length) opening.push(import('./viewer-regions.js').then(({ Regions }) => new Regions(stage, told.features, info, tell)))
  const [layers] = await Promise.all([Promise.all(opening), opening.length ? styled() : null])

  const said = el('p', { class: 'overlay-said', 'aria-hidden': 'true' })
  const panel = layers.length ? el('div', { class: 'overlay-panel' }, ...layers.map((layer) => layer.panel)) : null
  /** Where a pointer is, in pixels of the image, not rounded. @param {MouseEvent} e */
  const at = (e) => {
    const box = stage.viewer.element.getBoundingClientRect()
    const left = stage.viewer.viewport.getFlip() ? box.right - e.clientX : e.clientX - box.left
    return stage.tiledImage.viewerElementToImageCoordinates(new stage.OpenSeadragon.Point(left, e.clientY - box.top))
  }
  let [origin, scale] = [{ x: 0, y: 0 }, 1]
  if (layers.length) {
    // Beside the layers, which may be turned: its words are not.
    stage.viewer.element.parentElement?.append(said)
    stage.viewer.addHandler('canvas-click', (/** @type {any} */ e) => {
      if (!e.quick || !stage.tiledImage) return
      const { x, y } = at(e.originalEvent)
      // The topmost layer that has something there takes the click; a click beside everything chooses nothing.
      const taken = [...layers].reverse().find((layer) => layer.hit?.(x, y, scale))
      for (const layer of layers) if (layer !== taken) layer.clear?.()
    })
    stage.viewer.element.addEventListener('pointermove', (/** @type {PointerEvent} */ e) => {
      if (e.buttons || !stage.tiledImage) return
      const { x, y } = at(e)
      const text = layers.map((layer) => layer.over?.(Math.floor(x), Math.floor(y)) ?? '').filter(Boolean).join(' · ')
      if (said.textContent !== text) said.textContent = text
    })
    stage.viewer.element.addEventListener('pointerleave', () => (said.textContent = ''))
  }
  return {
    panel,
    elements: layers.flatMap((layer) => layer.elements),
    /** @param {Point} to the image's first pixel on the stage @param {number} zoom stage pixels a pixel of the image */
    place(to, zoom) {
      ;[origin, scale] = [to, zoom]
      for (const layer of layers) layer.place(origin, scale)
    },
    /** @param {View} view */
    update(view) {
      for (const layer of layers) layer.update(view)
    },
    state: () => layers.map((layer) => layer.state()).map(packed).filter(Boolean).join('~'),
    /** @param {string} text */
    restore(text) {
      const parts = unpacked(text)
      for (const layer of layers) layer.restore(parts)
    },
  }
}
