// Which columns of a table are shown: all of the source's can be.

import { el } from './dom.js'

export class Columns {
  /** @param {string[]} all @param {string[]} usual those the page shows @param {(columns: string[] | undefined) => void} chosen */
  constructor(all, usual, chosen) {
    this.all = all
    this.usual = usual
    this.chosen = chosen
    this.summary = el('summary', { class: 'tool' })
    this.find = el('input', { type: 'search', 'aria-label': 'Find a column', placeholder: 'Find a column', oninput: () => this.#look() })
    this.boxes = all.map((name) => el('input', { type: 'checkbox', value: name, onchange: () => this.#take() }))
    this.list = el('ul', { class: 'columns-list' }, ...all.map((name, i) => el('li', {}, el('label', {}, this.boxes[i], ' ', name))))
    const set = (/** @type {string[]} */ names) => () => this.chosen(names === usual ? undefined : names)
    this.element = el('details', { class: 'table-menu' }, this.summary, el('div', { class: 'table-menu-body', role: 'group', 'aria-label': 'Columns' },
      this.find, this.list, el('div', { class: 'table-actions' },
        el('button', { type: 'button', class: 'tool', text: `All ${all.length}`, onclick: set(all) }),
        el('button', { type: 'button', class: 'tool', text: 'As at first', onclick: set(usual) }))))
  }

  /** @param {string[]} shown */
  show(shown) {
    for (const box of this.boxes) box.checked = shown.includes(box.value)
    this.summary.textContent = `Columns: ${shown.length} of ${this.all.length}`
  }

  #take() {
    const names = this.boxes.filter((box) => box.checked).map((box) => box.value)
    // A table of no column says nothing: the last one stays.
    if (!names.length) return this.show(this.shown ?? this.usual)
    this.shown = names
    this.chosen(names)
  }

  #look() {
    const part = this.find.value.trim().toLowerCase()
    for (const item of this.list.children) item.hidden = !item.textContent?.toLowerCase().includes(part)
  }
}
