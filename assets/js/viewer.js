// Pages with an image: the picture that stands there becomes a viewer. Pages of plates and datasets hold one viewer for all their
// images (plate-board.js).

import { el } from './dom.js'
import { referenceHere } from './viewer-resolve.js'
import { asked, readHash } from './viewer-state.js'
import { Stage } from './viewer-stage.js'

/** @param {HTMLElement} root */
async function still(root) {
  const { info = '', name = '' } = root.dataset
  const before = [...root.childNodes]
  const { parts, search } = asked(location)
  // As high as leaves all its controls in the window (pictures.css).
  root.style.setProperty('--above', `${Math.round(root.getBoundingClientRect().top + scrollY)}px`)
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
  } catch (error) {
    // The still picture is better than nothing.
    root.classList.remove('viewer-ready')
    root.replaceChildren(...before, el('p', { class: 'viewer-message', role: 'alert', text: `This image could not be opened: ${/** @type {Error} */ (error).message}.` }))
  }
}

for (const root of document.querySelectorAll('.viewer[data-info]')) if (root instanceof HTMLElement) still(root)
