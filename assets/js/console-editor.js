// The SQL editor: CodeMirror in a shadow root. Its style sheets are adopted there, which `style-src 'self'` allows,
// where <style> elements in the page are not.

import { vendor } from './vendor.js'

/**
 * @param {HTMLElement} host
 * @param {{doc: string, tables: {name: string, columns: {name: string}[]}[], run: () => void, changed: (text: string) => void}} options
 * @returns {Promise<{text: () => string, set: (text: string) => void, insert: (text: string) => void, focus: () => void}>}
 */
export async function editor(host, { doc, tables, run, changed }) {
  const { EditorState, EditorView, HighlightStyle, PostgreSQL, Prec, acceptCompletion, basicSetup, keymap, sql, syntaxHighlighting, tags } =
    await vendor('codemirror')
  const root = host.attachShadow({ mode: 'open' })
  // The page's own colours reach in: custom properties are inherited.
  const highlight = HighlightStyle.define([
    { tag: tags.keyword, color: 'var(--accent, #0b6e69)', fontWeight: '600' },
    { tag: [tags.string, tags.special(tags.string)], color: 'var(--hit, #b3410e)' },
    { tag: tags.comment, color: 'var(--ink-2, #57606a)', fontStyle: 'italic' },
  ])
  const look = EditorView.theme({
    '&': { fontSize: '0.875rem', backgroundColor: 'var(--paper, #fcfcfb)', color: 'var(--ink, #1b1f23)', height: '100%' },
    '.cm-scroller': { fontFamily: 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace', lineHeight: '1.5', minHeight: '9rem' },
    '.cm-content': { caretColor: 'var(--ink, #1b1f23)' },
    '.cm-cursor': { borderLeftColor: 'var(--ink, #1b1f23)' },
    '&.cm-focused': { outline: '2px solid var(--accent, #0b6e69)' },
    '.cm-gutters': { backgroundColor: 'var(--wash, #f3f5f6)', color: 'var(--ink-2, #57606a)', borderRight: '1px solid var(--line, #d9dee3)' },
    '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'transparent' },
    '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'color-mix(in srgb, var(--accent, #0b6e69) 25%, transparent)' },
    '.cm-tooltip': { backgroundColor: 'var(--paper, #fcfcfb)', color: 'var(--ink, #1b1f23)', border: '1px solid var(--line, #d9dee3)' },
    '.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--accent, #0b6e69)', color: 'var(--paper, #fcfcfb)' },
  })
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc,
      extensions: [
        // Before the defaults, where Ctrl+Enter inserts a line. Tab leaves the editor unless a completion is open.
        Prec.highest(keymap.of([{ key: 'Mod-Enter', run: () => (run(), true) }, { key: 'Tab', run: acceptCompletion }])),
        basicSetup,
        sql({ dialect: PostgreSQL, upperCaseKeywords: true, schema: Object.fromEntries(tables.map((t) => [t.name, t.columns.map((c) => c.name)])) }),
        syntaxHighlighting(highlight),
        look,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': 'SQL', 'aria-multiline': 'true' }),
        EditorView.updateListener.of((/** @type {any} */ update) => update.docChanged && changed(update.state.doc.toString())),
      ],
    }),
  })
  return {
    text: () => view.state.doc.toString(),
    set: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    insert: (text) => {
      view.dispatch(view.state.replaceSelection(text))
      view.focus()
    },
    focus: () => view.focus(),
  }
}

/** A plain text area with the same surface: what is there until CodeMirror has come, and if it never does. */
export function plainEditor(/** @type {HTMLElement} */ host, /** @type {{doc: string, run: () => void, changed: (text: string) => void}} */ { doc, run, changed }) {
  const area = document.createElement('textarea')
  area.setAttribute('aria-label', 'SQL')
  area.spellcheck = false
  area.rows = 7
  area.value = doc
  area.addEventListener('input', () => changed(area.value))
  area.addEventListener('keydown', (e) => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) {
      e.preventDefault()
      run()
    }
  })
  host.replaceChildren(area)
  return {
    text: () => area.value,
    set: (/** @type {string} */ text) => { area.value = text; changed(text) },
    insert: (/** @type {string} */ text) => { area.setRangeText(text, area.selectionStart, area.selectionEnd, 'end'); area.focus() },
    focus: () => area.focus(),
  }
}
