// What pages with a grid of wells or samples share: one is chosen by click, key or address and opens in the viewer, several are
// selected and seen side by side, the grid is coloured; all of it stands in the address.

import { intoView } from './dom.js'
import { Paint } from './plate-paint.js'
import { Annotation } from './plate-rows.js'
import { Selection } from './plate-select.js'
import { Chooser } from './viewer-chooser.js'
import { asked, hashOf } from './viewer-state.js'

/** @typedef {import('./viewer-state.js').Target} Target */
/** @typedef {import('./viewer-chooser.js').Field} Field */
/** @typedef {{hash: () => string, follow: (parts: Map<string, string>) => void}} Part of the address */
/**
 * @typedef {{cells: import('./plate-paint.js').Cell[], word: string, words: string, has: (sample: string | null) => boolean,
 *   shown: (target: Target) => {element: HTMLElement, link: HTMLElement}[], told: (target: Target) => string, show: (target: Target) => void, panel: HTMLElement | null, above: boolean}} Face
 *   how a page shows it: `told` is said of a sample beside its name; `show` marks the chosen one and tells of it; `panel` stands below
 *   the grid on a phone; `above`: the viewer stands above the grid
 */

/** @type {Target} */
const NONE = { sample: null, field: 1 }

export class Board {
  /** @param {Face} face @param {any} data page-data @param {Record<string, {fields?: Field[]}>} wells */
  constructor(face, data, wells) {
    this.face = face
    this.target = NONE
    this.view = ''
    this.paint = new Paint(face.cells, data, face.words, () => this.keep(false))
    this.annotation = this.paint.rows && new Annotation(this.paint.rows)
    /** @type {Part[]} what else stands in the address */
    this.parts = []
    const root = document.getElementById('viewer')
    this.chooser = root ? new Chooser(root, wells, (target, view) => {
      if (this.selection?.comparing || hashOf(target, '') !== hashOf(this.target, '')) return // a well left meanwhile
      this.view = view
      this.keep(false)
    }) : null
    this.selection = root && Object.values(wells).reduce((n, { fields = [] }) => n + fields.length, 0) > 1 ? new Selection({
      word: face.word, words: face.words, image: (target) => this.image(target), shown: face.shown, told: face.told,
      view: () => this.chooser?.view ?? null,
      changed: (step) => {
        this.#open(new Map(), step)
        this.view = this.selection?.comparing ? '' : this.chooser?.stage?.hash() ?? ''
        this.keep(step)
      },
      moved: (view) => {
        this.view = view
        this.keep(false)
      },
    }, root) : null
  }

  start() {
    addEventListener('hashchange', () => this.follow())
    addEventListener('popstate', () => this.follow())
    this.follow()
  }

  /** @param {Target} target */
  image(target) {
    return this.chooser?.image(target)
  }

  /** Shows what the address names. */
  follow() {
    const { target, parts } = asked(location)
    const named = this.face.has(target.sample)
    // A link to another place of this page asks nothing of the grid.
    if (!named && target.sample !== null && document.getElementById(target.sample)) return
    this.target = named ? target : NONE
    for (const part of [this.paint, ...this.parts, this.selection]) part?.follow(parts)
    this.face.show(this.target)
    const opened = this.#open(parts, false)
    // The browser goes to the sample's line in the list.
    if (this.face.above) opened?.then(() => this.chooser && !this.chooser.root.hidden && intoView(this.chooser.root))
  }

  /** @param {Target} target */
  choose(target) {
    this.target = target
    this.view = ''
    if (this.selection) this.selection.comparing = false
    this.selection?.draw()
    this.face.show(target)
    // What an archive's address asks in its query is asked of the first image that is opened.
    const opened = this.#open(new Map(this.chooser?.view ? [] : asked({ search: location.search, hash: '' }).parts), false)
    this.keep(true)
    const { panel } = this.face
    // On a phone the panel stands below the grid.
    if (panel && panel.getBoundingClientRect().top > innerHeight - 80) intoView(panel)
    // The viewer stands below the grid: it comes as far into view as it must, so that the grid stays where both fit.
    opened?.then(() => this.chooser && !this.chooser.root.hidden && hashOf(target, '') === hashOf(this.target, '') && intoView(this.chooser.root))
  }

  /** The viewer, or several of them. @param {Map<string, string>} parts @param {boolean} scroll */
  #open(parts, scroll) {
    const { chooser, selection } = this
    if (selection?.comparing) {
      const opened = selection.show(parts, scroll)
      chooser?.choose(NONE, new Map())
      return opened
    }
    if (chooser && selection?.view) chooser.kept = selection.view
    selection?.show(new Map())
    return chooser?.choose(this.target, parts)
  }

  /** @param {boolean} step whether the reader can come back here */
  keep(step) {
    const hash = hashOf(this.target, [...[this.paint, ...this.parts, this.selection].map((part) => part?.hash()), this.view].filter(Boolean).join('&'))
    // Once an image is open, its view stands in the hash.
    const search = this.view || this.chooser?.stage ? asked(location).search : location.search
    const address = location.pathname + search + (hash ? `#${hash}` : '')
    if (step) history.pushState(null, '', address)
    else history.replaceState(history.state, '', address)
  }
}
