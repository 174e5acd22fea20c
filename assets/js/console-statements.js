// Which statements a text of SQL holds.

// Strings, quoted names, comments and text between dollar signs: a semicolon inside them ends nothing.
const PIECE = /'(?:[^']|'')*'?|"(?:[^"]|"")*"?|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)|;|[^'"\-/$;]+|[\s\S]/g

/** @param {string} piece */
const comment = (piece) => piece.startsWith('--') || piece.startsWith('/*')

/** The statements in order, each without its semicolon; what holds only blanks and comments is none. @param {string} sql @returns {string[]} */
export function statements(sql) {
  /** @type {{text: string, says: boolean}[]} */
  const parts = [{ text: '', says: false }]
  for (const [piece] of sql.matchAll(PIECE)) {
    const part = parts[parts.length - 1]
    if (piece === ';') {
      parts.push({ text: '', says: false })
    } else {
      part.text += piece
      part.says ||= !comment(piece) && piece.trim() !== ''
    }
  }
  return parts.filter(({ says }) => says).map(({ text }) => text.trim())
}

/** Whether a statement only reads, so that it can be run again. @param {string} statement */
export function readsOnly(statement) {
  const words = [...statement.matchAll(PIECE)].map(([piece]) => (comment(piece) ? ' ' : piece)).join('').trim()
  return /^(\(|(select|with|from|values|table|pivot|unpivot|show|describe|summarize|explain|pragma)\b)/i.test(words)
}
