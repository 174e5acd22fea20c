// What pages with a grid of wells or samples share: one is chosen by click, key or address and opens in the viewer, several are
// selected and seen side by side, the grid is coloured; all of it stands in the address.

import { el, intoView } from './dom.js'
import { Caption, meant } from './plate-caption.js'
import { Paint } from './plate-paint.js'
import { Annotation } from './plate-rows.js'
import { Selection } from './plate-select.js'
import { Chooser } from './viewer-chooser.js'
import { asked, hashOf } from './viewer-state.js'

/** @typedef {import('./viewer-state.js').Target} Target */
/** @typedef {import('./viewer-chooser.js').Field} Field */
/** @typedef {{hash: () => string, follow: (parts: Map<string, string>) => void}} Part of the address */
/**
 * @typedef {{cells: import('./plate-paint.js').Cell[], word: string, words: string, place: string, names: () => string[],
 *   shown: (target: Target) => {element: HTMLElement, link: HTMLElement}[], told: (target: Target) => string, show: (target: Target) => void, panel: HTMLElement | null, above: boolean}} Face
 *   how a page shows it: `place` is what the grid is called; `names` has all samples in their order; `told` is said of a sample beside its name; `show` marks the chosen one and tells of it; `panel` stands below
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
      word: face.word, words: face.words, named: (sample) => meant(face.names(), sample), image: (target) => this.image(target), shown: face.shown, told: face.told,
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
    this.caption = root && this.chooser ? new Caption({
      word: face.word, place: face.place, names: face.names, fields: (sample) => this.chooser?.fields(sample) ?? [], told: face.told, choose: (target) => this.choose(target),
      back: () => this.#back(),
    }) : null
    if (this.caption) root?.before(this.caption.element)
    this.missing = el('p', { class: 'notice', role: 'status', hidden: true })
    document.querySelector('.plate-main')?.prepend(this.missing)
  }

  start() {
    addEventListener('hashchange', () => this.follow())
    addEventListener('popstate', () => this.follow())
    this.follow(true)
  }

  /** To the chosen one in the grid. */
  #back() {
    const { link } = this.face.shown(this.target)[0] ?? {}
    link?.focus()
    if (link) intoView(link)
  }

  /** @param {Target} target */
  image(target) {
    return this.chooser?.image(target)
  }

  /** Shows what the address names. @param {boolean} [fresh] the page was opened with it */
  follow(fresh = false) {
    const { target, parts } = asked(location)
    const sample = meant(this.face.names(), target.sample)
    // A link to another place of this page asks nothing of the grid.
    if (sample === null && target.sample !== null && document.getElementById(target.sample)) return
    this.missing.hidden = sample !== null || target.sample === null
    this.missing.textContent = this.missing.hidden ? '' : `The address names a ${this.face.word} that is not here: ${target.sample}.`
    this.target = sample === null ? NONE : { ...target, sample }
    for (const part of [this.paint, ...this.parts, this.selection]) part?.follow(parts)
    this.face.show(this.target)
    const comparing = Boolean(this.selection?.comparing)
    const opened = this.#open(parts, fresh && comparing)
    // Who opens a link that names an image wants to see it. The browser itself goes to the sample's line in a dataset's list.
    if (!comparing && (fresh || this.face.above)) opened?.then(() => this.chooser && !this.chooser.root.hidden && intoView(this.chooser.root, fresh || undefined))
  }

  /** @param {Target} target */
  choose(target) {
    this.target = target
    this.view = ''
    this.missing.hidden = true
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
    this.caption?.show(selection?.comparing ? NONE : this.target)
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
