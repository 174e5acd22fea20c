// Tiles of a pyramid drawn on a canvas through any affine map: what label images and laid-on images need, and OpenSeadragon,
// which knows no shear, does not do.

/** @typedef {[number, number, number, number, number, number]} Matrix a, b, c, d, e, f: x' = a·x + b·y + c, y' = d·x + e·y + f */
/** @typedef {{width: number, height: number, columns: number, rows: number}} Level */

const KEPT = 96 // painted tiles, 512 × 512 at most: 100 MB

/** First `inner`, then `outer`. @param {Matrix} outer @param {Matrix} inner @returns {Matrix} */
export const chained = ([a, b, c, d, e, f], [g, h, i, j, k, l]) => [a * g + b * j, a * h + b * k, a * i + b * l + c, d * g + e * j, d * h + e * k, d * i + e * l + f]

/** @param {Matrix} matrix @returns {Matrix} */
export function inverse([a, b, c, d, e, f]) {
  const det = a * e - b * d
  return [e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det]
}

/** @param {Matrix} matrix @param {number} x @param {number} y */
export const moved = ([a, b, c, d, e, f], x, y) => ({ x: a * x + b * y + c, y: d * x + e * y + f })

/**
 * Which level shows an image at a scale: the smallest that is at least as fine as the screen.
 * @param {Level[]} levels @param {number} scale screen pixels a pixel of the image
 */
export const levelFor = (levels, scale) => Math.max(0, Math.min(levels.length - 1, Math.floor(Math.log2(1 / scale) + 0.01)))

/** The part of an image that is seen, in tiles of one level. @param {Level} level @param {number} step pixels of the image a pixel of the level @param {number} tile @param {Matrix} map image → screen @param {number} width @param {number} height */
export function seen(level, step, tile, map, width, height) {
  const back = inverse(map)
  const corners = [[0, 0], [width, 0], [0, height], [width, height]].map(([x, y]) => moved(back, x, y))
  const range = (/** @type {number[]} */ at, /** @type {number} */ n) => [Math.max(0, Math.floor(Math.min(...at) / step / tile)), Math.min(n - 1, Math.floor(Math.max(...at) / step / tile))]
  const [[left, right], [top, bottom]] = [range(corners.map((p) => p.x), level.columns), range(corners.map((p) => p.y), level.rows)]
  const tiles = []
  for (let y = top; y <= bottom; y++) for (let x = left; x <= right; x++) tiles.push({ x, y })
  return tiles
}

/** A canvas over the stage. It is larger than the stage where the stage is turned, so that no corner stays empty. */
export class Sheet {
  /** @param {string} kind class of the canvas */
  constructor(kind) {
    this.element = /** @type {HTMLCanvasElement} */ (document.createElement('canvas'))
    this.element.className = `overlay-canvas ${kind}`
    this.element.setAttribute('aria-hidden', 'true')
    this.context = /** @type {CanvasRenderingContext2D} */ (this.element.getContext('2d'))
  }

  /** Fits the canvas to the viewer and empties it. Gives its size, and how its pixels lie to the stage's. @param {any} viewer of OpenSeadragon */
  clear(viewer) {
    const { clientWidth: w, clientHeight: h } = viewer.element
    const side = viewer.viewport?.getRotation(true) % 180 ? Math.ceil(Math.hypot(w, h)) : 0
    const [width, height] = [side || w, side || h]
    const [left, top] = [(w - width) / 2, (h - height) / 2]
    const ratio = globalThis.devicePixelRatio || 1
    const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)]
    if (this.element.width !== across || this.element.height !== down) Object.assign(this.element, { width: across, height: down })
    Object.assign(this.element.style, { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` })
    this.context.setTransform(1, 0, 0, 1, 0, 0)
    this.context.clearRect(0, 0, across, down)
    return { width: across, height: down, left, top, ratio }
  }

  /** Pixels of the image → pixels of this canvas. @param {{left: number, top: number, ratio: number}} size @param {{x: number, y: number}} origin @param {number} scale @returns {Matrix} */
  static map({ left, top, ratio }, origin, scale) {
    return [scale * ratio, 0, (origin.x - left) * ratio, 0, scale * ratio, (origin.y - top) * ratio]
  }
}

/** Painted tiles of one pyramid, fetched as they come into view, the best there is drawn meanwhile. */
export class Tiles {
  /**
   * @param {Level[]} levels level 0 is full resolution @param {number} tile
   * @param {(level: number, x: number, y: number) => Promise<CanvasImageSource | null>} paint null: nothing there
   * @param {() => void} arrived a tile is there: draw again
   */
  constructor(levels, tile, paint, arrived) {
    this.levels = levels
    this.tile = tile
    this.paint = paint
    this.arrived = arrived
    /** @type {Map<string, {picture: CanvasImageSource | null, done: boolean}>} */
    this.kept = new Map()
  }

  /** Everything is painted anew. */
  forget() {
    this.kept.clear()
  }

  /** @param {number} level @param {number} x @param {number} y */
  #ask(level, x, y) {
    const key = `${level}/${x}_${y}`
    const found = this.kept.get(key)
    if (found) {
      this.kept.delete(key)
      this.kept.set(key, found) // the latest used stands last
      return found
    }
    const fresh = { picture: /** @type {CanvasImageSource | null} */ (null), done: false }
    this.kept.set(key, fresh)
    this.paint(level, x, y).then((picture) => { fresh.picture = picture }, () => {}).then(() => {
      fresh.done = true
      if (this.kept.get(key) === fresh) this.arrived()
    })
    return fresh
  }

  /** @param {CanvasRenderingContext2D} context @param {Matrix} map image → canvas @param {{width: number, height: number}} size of the canvas */
  draw(context, map, { width, height }) {
    const [a, b, c, d, e, f] = map
    const level = levelFor(this.levels, Math.sqrt(Math.abs(a * e - b * d)))
    const step = 2 ** level
    // A level's pixel n covers the image's pixels from n · step: also where the last one is cut by the image's edge.
    context.setTransform(a * step, d * step, b * step, e * step, c, f)
    const wanted = seen(this.levels[level], step, this.tile, map, width, height)
    if (wanted.length > KEPT) return
    for (const { x, y } of wanted) {
      const { picture, done } = this.#ask(level, x, y)
      if (picture) context.drawImage(picture, x * this.tile, y * this.tile)
      else if (!done) this.#coarser(context, level, x, y)
    }
    context.setTransform(1, 0, 0, 1, 0, 0)
    for (const key of this.kept.keys()) {
      if (this.kept.size <= KEPT) return
      this.kept.delete(key)
    }
  }

  /** The part of a coarser tile that is here already. @param {CanvasRenderingContext2D} context @param {number} level @param {number} x @param {number} y */
  #coarser(context, level, x, y) {
    const { tile } = this
    for (let up = 1; level + up < this.levels.length; up++) {
      const part = tile / 2 ** up
      const picture = this.kept.get(`${level + up}/${x >> up}_${y >> up}`)?.picture
      if (part < 1) return
      if (!picture) continue
      const { width, height } = /** @type {{width: number, height: number}} */ (picture)
      const [left, top] = [(x * part) % tile, (y * part) % tile]
      const [w, h] = [Math.min(part, width - left), Math.min(part, height - top)]
      if (w > 0 && h > 0) context.drawImage(picture, left, top, w, h, x * tile, y * tile, w * 2 ** up, h * 2 ** up)
      return
    }
  }
}
