// Resolves a name: `/gene/?value=SGOL1` and IDR's `/mapr/<kind>/?value=…` send the reader to the page that has it; where
// several do (human SGO1, yeast SGO1), or none, to the search for it. Two small files of the search index are read, whatever
// the portal's size.

import { lookup } from './search-files.js'
import { key } from './tokeniser.js'

/** @param {string} path */
const atRoot = (path) => new URL((document.documentElement.dataset.root ?? './') + path, document.baseURI).href

/** Where a value leads. @param {string} value @param {string[]} kinds @param {boolean} exactly whether capitals count */
async function addressOf(value, kinds, exactly) {
  // A folder's identifier, `CMPO_0000118`, has the same key as with its colon.
  const { names } = await lookup(key(value), false)
  const fits = names.filter((name) => kinds.includes(name.document.kind) && (!exactly || name.text === value))
  const found = new Set(fits.map((name) => name.document.address))
  if (found.size !== 1) return `search/?${new URLSearchParams({ q: value, ...(fits[0] ? { kind: fits[0].document.kind } : {}) })}`
  const [name] = fits.sort((a, b) => a.rank - b.rank)
  const { address, title } = name.document
  return address + (name.text !== title && !address.includes('#') ? `#as=${encodeURIComponent(name.text)}` : '')
}

const asked = new URLSearchParams(location.search)
const value = (asked.get('value') ?? asked.get('query') ?? '').trim().slice(0, 200)
if (value) {
  addressOf(value, (document.documentElement.dataset.kinds ?? '').split('|'), asked.get('case_sensitive')?.toLowerCase() === 'true')
    .then((address) => location.replace(atRoot(address)))
    .catch((error) => {
      const said = document.createElement('p')
      said.role = 'alert'
      said.textContent = `The name could not be looked up: ${error.message}.`
      document.querySelector('main')?.append(said)
    })
}
