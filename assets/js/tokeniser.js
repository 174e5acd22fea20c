// Text to search keys and words. The same rules stand in search_index/tokeniser.py; tests/search/tokens.tsv holds
// both to one another. Only [a-z0-9] is left at the end, so Unicode versions cannot make the two differ in practice.

const GREEK = Object.fromEntries(
  [...'αβγδεζηθικλμνξοπρσςτυφχψω'].map((letter, i) => [letter,
    ('alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma tau upsilon ' +
    'phi chi psi omega').split(' ')[i]]))

// Letters that do not decompose under NFKD.
/** @type {Record<string, string>} */
const LETTERS = { ø: 'o', ł: 'l', ß: 'ss', æ: 'ae', œ: 'oe', đ: 'd', ð: 'd', þ: 'th', ħ: 'h', ı: 'i', ŋ: 'n', ...GREEK }

// What people paste before an identifier: a resolver, `doi:`, `PMID:`, the address of a page that ends in it. White space
// is spelt out, since the two languages disagree on it.
const PREFIX =
  /^[ \t\n\r\f\v]*(?:(?:https?:\/\/)?(?:dx\.)?doi\.org\/|doi:[ \t]*|(?:pmid|pubmed)(?::[ \t]*|[ \t]+)|https?:\/\/[^ \t\n\r\f\v]+\/(?=[^ \t\n\r\f\v\/]))/i

/** Lower case, accents dropped, Greek letters by name; everything that is not ASCII is still there. @param {string} text */
function fold(text) {
  let out = ''
  for (const letter of text.replace(PREFIX, '').normalize('NFKD')) {
    // Letter by letter, so that no rule looks at its neighbours (final sigma).
    for (const c of letter.toLowerCase().normalize('NFKD')) out += LETTERS[c] ?? c
  }
  return out.replace(/\p{Mn}/gu, '')
}

/** Only letters and digits: `(+)-JQ1` → jq1, `U-2 OS` → u2os, `CMPO:0000118` = `CMPO_0000118`. @param {string} text */
export const key = (text) => fold(text).replace(/[^a-z0-9]+/g, '')

/** `NF-κB pathway` → nf, kappab, pathway. @param {string} text @returns {string[]} */
export const words = (text) => fold(text).match(/[a-z0-9]+/g) ?? []

/** A word of prose without its plural; symbols are never stemmed. @param {string} word */
export function stem(word) {
  if (word.length < 4 || /[0-9]/.test(word)) return word
  if (word.length > 4 && word.endsWith('ies')) return word.slice(0, -3) + 'y'
  if (/(?:ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2)
  if (/[^sui]s$/.test(word)) return word.slice(0, -1)
  return word
}

/** @param {string} text @returns {string[]} */
export const stems = (text) => words(text).map(stem)
