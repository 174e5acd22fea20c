// What lies over the pixels: regions, labels, points. Their module is fetched where an image has some.

/** @typedef {import('./viewer-stage.js').Stage} Stage */
/** @typedef {{panel: HTMLElement | null, elements: Element[], place: (origin: {x: number, y: number}, scale: number) => void, update: (view: import('./viewer-state.js').View) => void, state: () => string, restore: (text: string) => void}} Overlays */

/** @param {string} address @returns {Promise<any>} */
export async function json(address) {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(`${new URL(address).pathname.split('/').pop()} could not be read (${answer.status})`)
  return answer.json()
}

/** Opens what lies over an image, when its pixels are on their way. @param {Stage} stage */
export async function openLayer(stage) {
  const { image, info } = stage
  if (!image.rois && !info.labels?.length && !image.pairs?.length) return
  try {
    const module = /** @type {any} */ (await import('./viewer-overlay.js'))
    stage.overlays = await module.openOverlays(stage, info, image)
  } catch (error) {
    return stage.fail(`What lies over this image could not be read: ${/** @type {Error} */ (error).message}.`)
  }
  if (stage.closed || !stage.overlays) return
  stage.layer.append(...stage.overlays.elements)
  if (stage.overlays.panel && !stage.plain) {
    stage.panel.element.append(stage.overlays.panel)
    stage.folded(stage.root.classList.contains('panel-closed'))
  }
  if (stage.asked) stage.overlays.restore(stage.asked)
  stage.overlays.update(stage.view)
  stage.place()
}

/** Puts the layer where the image is. Overlays know no turning: they are placed upright, and their layer is turned as a whole. @param {Stage} stage @param {number} scale */
export function placeLayer({ overlays, layer, view, viewer, tiledImage }, scale) {
  if (!overlays) return
  layer.style.transform = view.rotation || view.flip ? `${view.flip ? 'scaleX(-1) ' : ''}rotate(${view.rotation}deg)` : ''
  overlays.place(viewer.viewport.pixelFromPointNoRotate(tiledImage.imageToViewportCoordinates(0, 0), true), scale)
}
