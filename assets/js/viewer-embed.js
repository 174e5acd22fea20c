// The viewer alone, in a frame of another page: of one image (`embed/<id>/`), or of the one that the address names
// (`embed/?image=<address>`, viewer-resolve.js).

import { el } from './dom.js'
import { isReference, resolve } from './viewer-resolve.js'
import { asked } from './viewer-state.js'
import { Stage } from './viewer-stage.js'

const root = document.querySelector('.viewer')
const back = document.getElementById('embed-back')
// Out of the frame: its page is not ours to leave.
if (back instanceof HTMLAnchorElement) Object.assign(back, { target: '_blank', rel: 'noopener' })

/** @param {HTMLElement} root @param {import('./viewer-stage.js').ImageAddress} image */
async function open(root, image) {
  const { parts, search } = asked(location)
  // The link that is copied, and the one in the caption, lead to the page of the image, at this view.
  const page = back instanceof HTMLAnchorElement ? back.href : ''
  const told = (/** @type {string} */ hash) => {
    if (!(back instanceof HTMLAnchorElement)) return
    const mark = page.includes('#') ? '&' : '#'
    back.href = hash ? page + mark + hash : page
  }
  await Stage.open(root, image, {
    parts, address: () => (back instanceof HTMLAnchorElement ? back.href : location.href),
    moved: (hash) => {
      history.replaceState(history.state, '', location.pathname + search + (hash ? `#${hash}` : ''))
      told(hash)
    },
  })
}

async function start() {
  if (!(root instanceof HTMLElement)) return
  const before = [...root.childNodes]
  const { info, name = '' } = root.dataset
  try {
    if (info) return await open(root, { ...root.dataset, info, name })
    const reference = new URLSearchParams(location.search).get('image') ?? ''
    if (!isReference(reference)) return
    root.setAttribute('aria-busy', 'true')
    const found = await resolve(reference)
    if (back instanceof HTMLAnchorElement) {
      back.href = found.address
      back.textContent = [found.name, found.study, found.licence].filter(Boolean).join(' · ')
    }
    document.title = found.name
    document.querySelector('h1')?.replaceChildren(found.name)
    root.hidden = false
    document.getElementById('embed-how')?.setAttribute('hidden', '')
    await open(root, { ...found.links, info: found.info, name: found.name, rois: found.rois })
  } catch (error) {
    root.replaceChildren(...before)
    document.getElementById('embed-how')?.removeAttribute('hidden')
    root.hidden = false
    if (!info) root.append(el('p', { class: 'viewer-message', role: 'alert', text: `This image cannot be shown: ${/** @type {Error} */ (error).message}.` }))
  } finally {
    root.removeAttribute('aria-busy')
  }
}

start()
