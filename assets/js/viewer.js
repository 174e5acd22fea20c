// Pages with an image: the picture that stands there becomes a viewer. A dataset's page holds one viewer for all its
// images, which the address chooses from; a plate's page is plate.js's.

import { intoView, pageData } from './dom.js'
import { Chooser } from './viewer-chooser.js'
import { referenceHere } from './viewer-resolve.js'
import { asked, hashOf, readHash } from './viewer-state.js'
import { Stage } from './viewer-stage.js'

/** @param {HTMLElement} root */
async function still(root) {
  const { info = '', name = '' } = root.dataset
  const before = [...root.childNodes]
  const { parts, search } = asked(location)
  try {
    const stage = await Stage.open(root, { ...root.dataset, info, name }, {
      parts, reference: referenceHere(),
      moved: (view) => history.replaceState(history.state, '', location.pathname + search + (view ? `#${view}` : '')),
    })
    // An archive's own address becomes ours.
    if (parts.size) stage.link()
    addEventListener('hashchange', () => {
      // A link to a heading of this page asks nothing of the viewer.
      const { target, parts } = readHash(location.hash)
      if (target.sample === null) stage.go(parts)
    })
  } catch {
    root.replaceChildren(...before) // the still picture is better than nothing
  }
}

for (const root of document.querySelectorAll('.viewer[data-info]')) if (root instanceof HTMLElement) still(root)

const shared = document.getElementById('viewer')
const wells = pageData().wells
if (shared && wells && !document.querySelector('table.plate')) {
  const here = (/** @type {import('./viewer-state.js').Target} */ target, /** @type {string} */ view) => `${location.pathname}${asked(location).search}#${hashOf(target, view)}`
  const chooser = new Chooser(shared, wells, (target, view) => history.replaceState(history.state, '', here(target, view)))
  const follow = async () => {
    const { target, parts } = asked(location)
    await chooser.choose(target, parts)
    if (!shared.hidden) intoView(shared)
  }
  // A picture of the gallery opens here; with a modifier, or without scripts, its own page opens.
  document.getElementById('gallery')?.addEventListener('click', (e) => {
    const picture = e.target instanceof Element && e.target.closest('[data-well]')
    if (!(picture instanceof HTMLElement) || e.ctrlKey || e.metaKey || e.shiftKey) return
    e.preventDefault()
    const target = { sample: picture.dataset.well ?? null, field: Number(picture.dataset.field ?? 1) }
    history.pushState(history.state, '', here(target, ''))
    follow()
  })
  addEventListener('popstate', follow)
  addEventListener('hashchange', follow)
  if (location.hash) follow()
}
