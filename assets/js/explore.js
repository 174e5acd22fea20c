// Questions across studies, made of clicks: rows of conditions, the sentence and the SQL they stand for, the answer.
// The whole question is in the address.

import { atRoot, bytes, copyText, count, el, intoView, pageData, save } from './dom.js'
import { partOf } from './console-link.js'
import { linker, resultTable, rowsInWords } from './console-result.js'
import { Cancelled, Database, QueryError } from './duckdb.js'
import { MOST_ROWS, atLeast, fromHash, leftOut, toHash, toSql } from './explore-sql.js'
import { toCsv } from './filters.js'

/** @typedef {import('./explore-sql.js').Question} Question @typedef {import('./explore-sql.js').Row} Row
 * @typedef {{tables: {name: string, url: string}[], phenotypes: [string, string, number][], broader: [string, string][], places: [string, string][], organisms: string[],
 *   technologies: string[], presets: {question: string, hash: string}[]}} Data */

const SHOWN = 500
const WORDS = {
  gene: 'Gene', organism: 'Organism', studies_with_phenotype: 'Studies with a phenotype', studies: 'Studies', samples_with_phenotype: 'Samples with a phenotype',
  samples: 'Samples', found_in: 'Found in', phenotypes: 'Phenotypes, in the authors’ words',
}
const VERBS = { has: 'has the phenotype', no: 'sampled without the phenotype', sampled: 'was sampled' }
const ANY = { has: 'any phenotype', no: 'any phenotype', sampled: '' }

class Explorer {
  /** @param {HTMLElement} root @param {Data} data */
  constructor(root, data) {
    this.root = root
    this.data = data
    this.names = new Map([...data.broader, ...data.phenotypes.map(([key, name]) => /** @type {[string, string]} */ ([key, name]))])
    this.studies = [...new Set(data.places.map(([study]) => study))]
    this.database = new Database(data.tables.map(({ name, url }) => ({ name, url: new URL(url, document.baseURI).href })), atRoot(''))
    /** @type {Question} */
    this.question = fromHash(data.presets[0]?.hash ?? 'c=and|has||') ?? { rows: [], organism: '', technology: '', controls: false, recorded: false, exact: false }
    this.written = ''
    this.made = 0 // how often the question changed: what was made for an older one is thrown away
  }

  start() {
    const own = document.getElementById('explore-presets')
    if (own) own.hidden = true // shown as buttons and in the folded SQL instead
    const chips = this.data.presets.map(({ question, hash }) =>
      el('button', { type: 'button', class: 'chip', text: question, onclick: () => this.ask(fromHash(hash), true) }))
    this.rows = el('ol', { class: 'ask-rows' })
    this.add = el('button', { type: 'button', class: 'tool', text: 'Add a condition', onclick: () => {
      this.change({ rows: [...this.question.rows, { not: false, verb: 'has', phenotype: '', where: '' }] })
      this.rows.lastElementChild?.querySelector('select')?.focus()
    } })
    this.options = el('div', { class: 'ask-options' })
    this.sentence = el('p', { class: 'ask-sentence' })
    this.cut = el('p', { class: 'ask-cut', role: 'status', hidden: true })
    this.go = el('button', { type: 'button', class: 'primary', text: 'Find genes', onclick: () => this.run() })
    this.stop = el('button', { type: 'button', class: 'tool', text: 'Cancel', disabled: true, onclick: () => this.database.cancel() })
    this.console = el('a', { class: 'tool', text: 'Open in the console', href: atRoot('query/') })
    this.link = el('button', { type: 'button', class: 'tool', text: 'Copy link', onclick: () => copyText(this.link, location.href) })
    this.status = el('span', { class: 'ask-status', role: 'status' })
    this.sql = el('code')
    this.result = el('div', { class: 'ask-result' })
    this.facts = el('p', { class: 'ask-facts' })
    this.downloads = el('div', { class: 'ask-downloads', hidden: true })
    this.panel = el('div', { class: 'ask', id: 'builder', role: 'group', 'aria-label': 'Conditions' },
      el('div', { class: 'ask-presets', role: 'group', 'aria-label': 'Examples' }, ...chips),
      this.cut, this.rows, el('div', { class: 'ask-bar' }, this.add), this.options, this.sentence,
      el('div', { class: 'ask-bar' }, this.go, this.stop, this.console, this.link, this.status),
      this.result, this.facts, this.downloads,
      el('details', { class: 'ask-sql', open: true }, el('summary', { text: 'The SQL that this runs' }), el('pre', { class: 'sql', tabindex: '0' }, this.sql)))
    this.root.replaceChildren(this.panel)
    addEventListener('hashchange', () => {
      if (location.hash.slice(1) !== this.written) this.follow()
    })
    this.draw()
    this.follow()
  }

  /** Asks what the address holds, if it holds a question. */
  follow() {
    const asked = fromHash(location.hash)
    if (!asked) return
    const { more, strange } = leftOut(location.hash) // asking writes the address anew
    this.ask(asked, true)
    const says = [more && `At most ${MOST_ROWS} conditions are asked at once: the last ${count(more)} in the address ${more === 1 ? 'is' : 'are'} left out.`,
      strange && `${count(strange)} ${strange === 1 ? 'condition' : 'conditions'} in the address cannot be read, and ${strange === 1 ? 'is' : 'are'} left out.`]
    this.cut.textContent = says.filter(Boolean).join(' ')
    this.cut.hidden = !more && !strange
  }

  /** @param {Question | null} question @param {boolean} at_once */
  ask(question, at_once) {
    if (!question) return
    this.change(question)
    if (!at_once) return
    intoView(this.panel)
    this.run()
  }

  /** @param {Partial<Question>} part */
  change(part) {
    this.question = { ...this.question, ...part }
    this.cut.hidden = true // the address says all again
    this.made++
    this.written = toHash(this.question)
    history.replaceState(history.state, '', `#${this.written}`)
    this.draw()
    if (this.result.firstChild) this.status.textContent = 'The conditions changed; the result below is of the question before.'
  }

  /** @param {number} at @param {Partial<Row>} part */
  set(at, part) {
    this.change({ rows: this.question.rows.map((row, i) => (i === at ? { ...row, ...part } : row)) })
  }

  // ---- the form

  draw() {
    const focused = document.activeElement instanceof HTMLElement && this.panel.contains(document.activeElement) ? document.activeElement.dataset.key : undefined
    this.rows.replaceChildren(...this.question.rows.map((row, i) => this.row(row, i)))
    this.add.disabled = this.question.rows.length >= MOST_ROWS
    this.options.replaceChildren(...this.choices())
    this.sentence.textContent = this.inWords()
    const sql = this.question.rows.length ? toSql(this.question) : ''
    this.sql.textContent = sql || 'Add a condition first.'
    this.go.disabled = !sql || !this.stop.disabled
    const made = this.made
    partOf(sql).then((part) => { if (made === this.made) this.console.href = `${atRoot('query/')}#${part ?? ''}` })
    if (focused) /** @type {HTMLElement | null} */ (this.panel.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus()
  }

  /** @param {string} key @param {string} label @param {[string, string][] | HTMLElement[]} options @param {string} value @param {(v: string) => void} changed @param {string} [look] */
  select(key, label, options, value, changed, look = '') {
    const all = options.map((o) => (Array.isArray(o) ? el('option', { value: o[0], text: o[1] }) : o))
    const select = el('select', { 'aria-label': label, 'data-key': key, class: look || null, onchange: () => changed(select.value) }, ...all)
    select.value = value
    if (select.selectedIndex < 0) { // an address may name what this portal does not hold
      select.append(el('option', { value, text: `${value.replace(/^=/, '')} (not here)` }))
      select.value = value
    }
    return select
  }

  /** @param {Row} row @param {number} i */
  row(row, i) {
    const n = `${i + 1}`
    const group = (/** @type {string} */ label, /** @type {[string, string][]} */ options) =>
      el('optgroup', { label }, ...options.map(([value, text]) => el('option', { value, text })))
    const option = (/** @type {[string, string, number]} */ [key, name]) => /** @type {[string, string]} */ ([key, name])
    const shared = this.data.phenotypes.filter(([, , studies]) => studies > 1)
    const single = this.data.phenotypes.filter(([, , studies]) => studies === 1).sort(([, a], [, b]) => a.localeCompare(b, 'en'))
    const phenotypes = [el('option', { value: '', text: ANY[row.verb] || 'any phenotype' }),
      ...(shared.length ? [group('Found in several studies', shared.map(option))] : []), ...(single.length ? [group('Found in one study', single.map(option))] : []),
      // No sample has these themselves, only what is below them.
      ...(this.data.broader.length && !this.question.exact ? [group('Broader terms', this.data.broader)] : [])]
    const several = Math.max(2, atLeast(row.where))
    const wheres = [el('option', { value: '', text: 'in any study' }), ...(i ? [el('option', { value: 'other', text: 'in any other study' })] : row.where === 'other' ? [el('option', { value: 'other', text: 'in any study' })] : []),
      ...[...new Set([2, 3, 4, 5, several])].sort((a, b) => a - b).map((k) => el('option', { value: `>=${k}`, text: `in ${k} studies or more` })),
      ...this.studies.map((study) => {
        const its = this.data.places.filter(([s]) => s === study)
        return its.length === 1 ? el('option', { value: study, text: study })
          : group(study, [[study, `${study}, all components`], ...its.map(([s, c]) => /** @type {[string, string]} */ ([`${s}/${c}`, `${s} ${c}`]))])
      })]
    // A component's name of a study with one component says the same as the study.
    const where = this.data.places.some(([s, c]) => `${s}/${c}` === row.where) && this.data.places.filter(([s]) => s === row.where.split('/')[0]).length === 1
      ? row.where.split('/')[0] : row.where
    return el('li', { class: 'ask-row' },
      i || row.not ? this.select(`join${n}`, `Condition ${n}: and, or and not`, [['and', 'and'], ['not', 'and not']], row.not ? 'not' : 'and', (v) => this.set(i, { not: v === 'not' }))
        : el('span', { class: 'ask-first', text: 'a gene' }),
      this.select(`verb${n}`, `Condition ${n}: what`, Object.entries(VERBS).map(([k, v]) => /** @type {[string, string]} */ ([k, v])), row.verb,
        (v) => this.set(i, { verb: /** @type {Row['verb']} */ (v), phenotype: v === 'sampled' ? '' : row.phenotype })),
      row.verb === 'sampled' ? el('span', { class: 'ask-phenotype ask-phenotype-none' })
        : this.select(`phenotype${n}`, `Condition ${n}: which phenotype`, phenotypes, row.phenotype, (v) => this.set(i, { phenotype: v }), 'ask-phenotype'),
      this.select(`where${n}`, `Condition ${n}: where`, wheres, where, (v) => this.set(i, { where: v }), 'ask-where'),
      el('button', { type: 'button', class: 'ask-remove', 'aria-label': `Remove condition ${n}`, title: 'Remove', text: '×', disabled: this.question.rows.length < 2,
        onclick: () => { this.change({ rows: this.question.rows.filter((_, k) => k !== i) }); this.add.focus() } }))
  }

  choices() {
    const q = this.question
    const tick = (/** @type {string} */ key, /** @type {string} */ text, /** @type {boolean} */ on, /** @type {(on: boolean) => void} */ changed) => {
      const box = el('input', { type: 'checkbox', 'data-key': key, onchange: () => changed(box.checked) })
      box.checked = on
      return el('label', {}, box, text)
    }
    const pairs = (/** @type {string[]} */ values) => values.map((v) => /** @type {[string, string]} */ ([v, v]))
    return [
      this.data.organisms.length > 1 && el('label', {}, 'Organism', this.select('organism', 'Organism', [['', 'any'], ...pairs(this.data.organisms)], q.organism, (organism) => this.change({ organism }))),
      this.data.technologies.length > 1 && el('label', {}, 'Evidence', this.select('technology', 'Evidence: the kind of screen', [['', 'any'], ...pairs(this.data.technologies)], q.technology, (technology) => this.change({ technology }))),
      tick('narrower', 'with narrower terms', !q.exact, (on) => this.change({ exact: !on })),
      tick('controls', 'count controls', q.controls, (controls) => this.change({ controls })),
      tick('recorded', 'only components that record phenotypes', q.recorded, (recorded) => this.change({ recorded })),
    ].filter(Boolean)
  }

  /** The question as a sentence. */
  inWords() {
    const { rows, organism, technology, controls, recorded, exact } = this.question
    const place = (/** @type {string} */ where) => (where === '' ? 'in a study' : where === 'other' ? 'in another study' : atLeast(where) ? `in ${atLeast(where)} studies or more` : `in ${where.replace('/', ' ')}`)
    const what = (/** @type {Row} */ { phenotype }) => (phenotype ? `“${this.names.get(phenotype) ?? phenotype.replace(/^=/, '')}”` : '')
    const says = rows.map((row, i) => {
      const not = row.not ? 'not ' : ''
      const text = row.verb === 'sampled' ? `${not}sampled ${place(row.where)}`
        : row.verb === 'has' ? `${row.not ? 'without' : 'with'} ${what(row) || 'a phenotype'} ${place(row.where)}`
          : `${not}sampled ${place(row.where)} with ${what(row) ? `no ${what(row)}` : 'no phenotype'}${row.where === '' ? ' in any' : row.where === 'other' ? ' there' : atLeast(row.where) ? ' in any of them' : ''}`
      return (i ? 'and ' : '') + text
    })
    const notes = [technology && `counting ${technology} only`, recorded && 'counting only components that record phenotypes', controls ? 'controls count' : 'controls left out',
      rows.some((r) => r.phenotype && !r.phenotype.startsWith('=')) && (exact ? 'these very terms' : 'narrower terms count')].filter(Boolean)
    return `Genes${organism ? ` of ${organism}` : ''} ${says.join(', ')} (${notes.join('; ')}).`
  }

  // ---- the answer

  /** @param {boolean} busy @param {string} text */
  busy(busy, text) {
    this.go.disabled = busy || !this.question.rows.length
    this.stop.disabled = !busy
    this.status.textContent = text
    this.panel.classList.toggle('ask-busy', busy)
  }

  async run() {
    if (!this.question.rows.length) return
    if (!this.stop.disabled) { // the newest question counts
      this.again = true
      await this.database.cancel()
      return
    }
    this.again = false
    const sql = toSql(this.question)
    this.busy(true, this.database.starting ? 'Asking …' : 'Starting the query engine (4 MB, once) …')
    this.downloads.hidden = true
    try {
      const answer = await this.database.query(sql, { limit: SHOWN })
      const links = await linker(this.database, answer)
      this.result.replaceChildren(resultTable(answer, atRoot(''), links, { hidden: ['entity', 'address'], words: WORDS, lists: { found_in: (study) => `studies/${encodeURIComponent(study)}/` } }))
      this.facts.textContent = `${rowsInWords(answer.rows.length, answer.total, count, ['gene', 'genes'])} · ${answer.seconds.toFixed(2)} s · ${bytes(answer.bytes)} read`
      this.offer(sql, answer.total)
      this.busy(false, '')
    } catch (error) {
      this.result.replaceChildren()
      this.facts.textContent = ''
      this.busy(false, error instanceof Cancelled && !this.again ? error.message : '')
      if (!(error instanceof Cancelled)) this.wrong(/** @type {Error} */ (error))
    }
    if (this.again) this.run()
  }

  /** @param {Error} error */
  wrong(error) {
    this.result.replaceChildren(el('div', { class: 'problem', role: 'alert' }, el('p', { class: 'problem-message', text: error.message }),
      error instanceof QueryError && error.hint && el('p', { class: 'problem-hint', text: error.hint })))
  }

  /** @param {string} sql @param {number} total */
  offer(sql, total) {
    const csv = el('button', { type: 'button', class: 'tool', text: 'CSV', onclick: async () => {
      if (this.go.disabled) return
      this.busy(true, 'Making the CSV …')
      try {
        /** @type {string[]} */
        const parts = []
        const { fields } = await this.database.query(sql, { each: (rows, all) => { parts.push(toCsv(all.map((f) => f.name), rows, parts.length === 0)) } })
        save(new Blob(parts.length ? parts : [toCsv(fields.map((f) => f.name), [])], { type: 'text/csv' }), 'genes.csv')
        this.busy(false, '')
      } catch (error) {
        this.busy(false, `The CSV could not be made: ${/** @type {Error} */ (error).message}`)
      }
    } })
    this.downloads.replaceChildren(csv, el('span', { class: 'table-note', text: `All ${count(total)} ${total === 1 ? 'gene' : 'genes'}, with the addresses of their pages.` }))
    this.downloads.hidden = false
  }
}

const root = document.getElementById('explore-root')
if (root) new Explorer(root, pageData()).start()
