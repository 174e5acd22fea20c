// Resolves a name: `/gene/?value=SGOL1` and IDR's `/mapr/<kind>/?value=…` send the reader to the page that has it; where
// several do (human SGO1, yeast SGO1), it lists them. Two small files of the search index are read, whatever the portal's size.

import { lookup } from './search-files.js'
import { key } from './tokeniser.js'

const CLASSES = ['identifier', 'name', 'synonym', 'the authors’ words']

/** @param {string} path */
const atRoot = (path) => new URL((document.documentElement.dataset.root ?? './') + path, document.baseURI).href

/** @param {string} tag @param {Record<string, string>} attributes @param {string} [text] */
function made(tag, attributes, text = '') {
  const node = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value)
  node.textContent = text
  return node
}

async function resolve() {
  const said = /** @type {HTMLElement} */ (document.getElementById('resolved'))
  const kinds = (document.documentElement.dataset.kinds ?? '').split(' ')
  const asked = new URLSearchParams(location.search)
  const value = (asked.get('value') ?? asked.get('query') ?? '').trim().slice(0, 200)
  if (!value) return
  // A folder's identifier with its prefix, `CMPO_0000118`, has the same key with a colon.
  const { names } = await lookup(key(value), false)
  /** @type {Map<string, import('./search-files.js').Name>} */
  const found = new Map()
  const fits = names.filter((name) => kinds.includes(name.document.kind))
  const exactly = fits.filter((name) => name.text === value)
  for (const name of (asked.get('case_sensitive')?.toLowerCase() === 'true' ? exactly : fits).sort((a, b) => a.rank - b.rank)) {
    if (!found.has(name.document.address)) found.set(name.document.address, name)
  }
  const all = [...found.values()]
  // A name outdoes a synonym of something else; where several bear the name, the reader chooses.
  const own = all.filter((name) => name.rank < 2)
  const best = own.length ? own : all
  const address = (/** @type {import('./search-files.js').Name} */ name) =>
    atRoot(name.document.address) + (name.text !== name.document.title && !name.document.address.includes('#') ? `#as=${encodeURIComponent(name.text)}` : '')
  if (best.length === 1 && all.length === 1) return location.replace(address(best[0]))
  // Only a reader who stays waits for the style.
  document.head.append(made('link', { rel: 'stylesheet', href: `${document.documentElement.dataset.assets}css/base.css` }))
  const heading = all.length ? `${value} means several things` : `Nothing here is called ${value}`
  document.title = heading
  said.replaceChildren(made('h1', {}, heading))
  if (!all.length) {
    const p = made('p', {}, 'Try the ')
    p.append(made('a', { href: `${atRoot('search/')}?q=${encodeURIComponent(value)}` }, 'search'), ', which also finds parts of names.')
    return said.append(p)
  }
  const list = made('ul', {})
  for (const name of [...best, ...all.filter((n) => !best.includes(n))]) {
    const item = made('li', {})
    item.append(made('a', { href: address(name) }, name.document.title), ` ${name.document.detail} (${name.document.kind}; matched by ${CLASSES[name.rank]} ${name.text})`)
    list.append(item)
  }
  said.append(list)
}

resolve().catch((error) => {
  const said = document.getElementById('resolved')
  said?.append(made('p', { role: 'alert' }, `The name could not be looked up: ${error.message}.`))
})
