// Which letters of a name a query matched.

import { words } from './tokeniser.js'

/**
 * A name in pieces; those that begin with a word of the query are <mark>ed. Only where the name's words are plain
 * letters and digits, which is where the reader sees the same letters that were typed.
 * @param {string} name @param {string} query @returns {(string | HTMLElement)[]}
 */
export function marked(name, query) {
  const wanted = words(query).sort((a, b) => b.length - a.length)
  return name.split(/([A-Za-z0-9]+)/).flatMap((piece) => {
    const found = piece && wanted.find((word) => piece.toLowerCase().startsWith(word))
    if (!found) return piece ? [piece] : []
    const mark = document.createElement('mark')
    mark.textContent = piece.slice(0, found.length)
    return [mark, piece.slice(found.length)]
  })
}
