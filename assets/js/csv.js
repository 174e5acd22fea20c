// CSV as our build writes it (RFC 4180), read back.

/** The rows of a text. @param {string} text @returns {string[][]} */
export function fromCsv(text) {
  /** @type {string[][]} */
  const rows = []
  /** @type {string[]} */
  let row = []
  // A cell is quoted, with doubled quotes inside, or plain; what follows says whether the row ends.
  for (const [whole, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    if (!whole && !row.length) break
    row.push(quoted !== undefined ? quoted.replaceAll('""', '"') : plain)
    if (end !== ',') {
      rows.push(row)
      row = []
    }
  }
  return rows
}
