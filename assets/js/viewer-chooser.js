// One viewer for many images: which of them is open, and the contrast they share.

import { Stage } from './viewer-stage.js'
import { imageOf, referenceHere } from './viewer-resolve.js'
import { targetHash } from './viewer-state.js'

/** @typedef {import('./viewer-state.js').Target} Target */
/** @typedef {{info: string, name: string, field?: number, rois?: string}} Field `field`: its number, where that is not its place */

export class Chooser {
  /** @param {HTMLElement} root @param {Record<string, {fields?: Field[]}>} wells @param {(target: Target, view: string) => void} moved */
  constructor(root, wells, moved) {
    this.root = root
    this.wells = wells
    this.moved = moved
    /** @type {Stage | null} */
    this.stage = null
    this.open = ''
    this.asked = 0
    /** @type {import('./viewer-state.js').View | null} */
    this.kept = null
  }

  /** Images of a well or sample. @param {string | null} sample @returns {Field[]} */
  fields(sample) {
    return sample !== null && Object.hasOwn(this.wells, sample) ? this.wells[sample].fields ?? [] : []
  }

  /** @param {Target} target */
  image({ sample, field }) {
    return imageOf(this.fields(sample), field)
  }

  /** @param {Target} target @param {Map<string, string>} parts what the address asks of the view */
  async choose(target, parts) {
    const image = this.image(target)
    const wanted = image ? targetHash(target) : ''
    if (wanted && wanted === this.open && this.stage) return parts.size ? this.stage.go(parts) : undefined
    const asked = ++this.asked
    const keep = this.view
    if (!image) {
      this.#close()
      this.root.hidden = true
      return
    }
    this.root.hidden = false
    this.root.setAttribute('aria-busy', 'true')
    this.root.classList.add('viewer-opening')
    try {
      this.#close()
      const stage = await Stage.open(this.root, image, { parts, keep, reference: referenceHere(wanted), moved: (view) => this.moved(target, view) })
      if (asked !== this.asked) return stage.close()
      this.stage = stage
      this.open = wanted
      // The contrast that is kept, and what an archive's own address asked, stand in ours.
      this.moved(target, stage.hash())
    } catch (error) {
      if (asked === this.asked) this.root.textContent = `This image could not be opened: ${/** @type {Error} */ (error).message}.`
    } finally {
      this.root.removeAttribute('aria-busy')
      this.root.classList.remove('viewer-opening')
    }
  }

  /** The view that the next image is opened with. */
  get view() {
    return this.stage?.view ?? this.kept ?? null
  }

  #close() {
    if (!this.stage) return
    this.kept = this.stage.view
    this.stage.close()
    this.stage = null
    this.open = ''
  }
}
