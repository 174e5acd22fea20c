// What a reader can do with an open image: buttons above it, keys, and the parts that are fetched when first asked for.

import { copyText, el } from './dom.js'
import { button, helpDialog, menu } from './viewer-controls.js'
import { show, solo } from './viewer-panel.js'

/** @typedef {import('./viewer-stage.js').Stage} Stage */

/** Shows or hides the small map of the whole image. @param {Stage} stage */
async function map(stage) {
  const { SmallMap } = await import('./viewer-map.js')
  if (stage.map) stage.map = stage.map.close()
  else stage.map = new SmallMap(stage)
}

/** Opens or closes the orthogonal views. @param {Stage} stage */
async function volume(stage) {
  if (stage.info.z < 2 || !stage.strips) return
  if (stage.volume) return stage.volume.close()
  const { openVolume } = await import('./viewer-volume.js')
  if (!stage.volume) openVolume(stage)
}

/** @param {Stage} stage */
async function save(stage) {
  const { savePicture } = await import('./viewer-save.js')
  await savePicture(stage)
}

/** @param {Stage} stage */
async function cite(stage) {
  const { citeDialog } = await import('./viewer-cite.js')
  const dialog = citeDialog(stage)
  stage.root.append(dialog)
  dialog.addEventListener('close', () => dialog.remove())
  dialog.showModal()
}

/** @param {Stage} stage */
const turn = (stage) => stage.turn(stage.view.rotation + 90, stage.view.flip)
/** @param {Stage} stage */
const mirror = (stage) => stage.turn(stage.view.rotation, !stage.view.flip)

/** @param {Stage} stage @param {() => void} change */
function acted(stage, change) {
  change()
  stage.controls()
  stage.changed()
}

/**
 * The buttons above an image.
 * @param {Stage} stage @returns {{element: HTMLElement, help: HTMLDialogElement, dialogs: HTMLElement[]}}
 */
export function toolbar(stage) {
  const help = /** @type {HTMLDialogElement} */ (helpDialog())
  const item = (/** @type {string} */ text, /** @type {string} */ title, /** @type {(stage: Stage) => unknown} */ run) => button(text, title, () => run(stage))
  const volumes = stage.info.z > 1 && stage.strips
  const compare = stage.reference ? item('Compare', 'Put this image beside others', (s) => import('./viewer-compared.js').then((m) => m.addCompared(s))) : null
  const more = menu('View', [
    item('Turn by 90°', 'Turn by 90° clockwise (T)', turn), item('Mirror', 'Mirror left and right (H)', mirror),
    item('Small map', 'Small map of the whole image (N)', map), ...(volumes ? [item('Orthogonal views', 'xy, xz and yz at a point (O)', volume)] : []), ...(compare ? [compare] : []),
  ])
  const copy = button('Copy link', 'Copy the address of this view (C)', (e) => copyText(e.currentTarget, stage.link()), 'viewer-copy')
  const element = el('div', { class: 'viewer-top', role: 'group', 'aria-label': 'Viewer' },
    copy, item('Cite', 'Cite this view', cite), item('Save', 'Save what is seen as PNG (S)', save), more,
    item('Reset', 'Everything as it was (R)', (s) => s.reset()), item('Full screen', 'Full screen (F)', (s) => s.fullscreen()), stage.fold,
    button('?', 'Keys', () => help.showModal()))
  return { element, help, dialogs: [help] }
}

/** @param {EventTarget | null} target whether keys are text there */
const typing = (target) => target instanceof HTMLElement && (target.matches('input:not([type=checkbox], [type=range], [type=color]), select, textarea') || target.isContentEditable)

/** @param {Stage} stage @param {KeyboardEvent} e */
export function handleKey(stage, e) {
  if (e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || (e.target instanceof Element && e.target.closest('dialog'))) return
  if (e.target instanceof HTMLInputElement && e.target.type === 'range' && /^(Arrow|Page|Home|End|\d$)/.test(e.key)) return
  const { view } = stage
  const digit = /^(?:Digit|Numpad)([1-9])$/.exec(e.code)?.[1] ?? (/^[1-9]$/.test(e.key) ? e.key : '')
  const index = Number(digit) - 1
  const acts = /** @type {Record<string, () => unknown>} */ ({
    '[': () => stage.step('z', view.z - 1), ']': () => stage.step('z', view.z + 1),
    ',': () => stage.step('t', view.t - 1), '.': () => stage.step('t', view.t + 1),
    r: () => stage.reset(), f: () => stage.fullscreen(), '?': () => stage.help?.showModal(),
    a: () => stage.strips && stage.auto(), g: () => stage.strips && acted(stage, () => (view.grey = !view.grey)),
    p: () => (stage.times ?? stage.planes)?.toggle(), m: () => stage.project(!view.projection), o: () => volume(stage),
    t: () => turn(stage), h: () => mirror(stage), v: () => stage.readout.toggle(), e: () => stage.accuracy.ask(view.exact && !view.projection ? '' : 'v'), n: () => map(stage), s: () => save(stage),
    c: () => { const copy = stage.root.querySelector('.viewer-copy'); if (copy instanceof HTMLElement) copy.click() },
  })
  const act = digit && view.channels[index]
    ? () => acted(stage, () => (e.shiftKey ? solo(view, stage.info, index) : show(view, index, !view.channels[index].shown)))
    : acts[e.key.toLowerCase()]
  if (!act || stage.help?.open) return
  e.preventDefault()
  act()
}
