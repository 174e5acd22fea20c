// A question of rows of conditions ↔ the address ↔ SQL. Pure functions; portal/pages/explore_sql.py writes the same SQL
// for readers without scripts, and a test holds the two to one another.

/** @typedef {'has' | 'no' | 'sampled'} Verb
 * @typedef {{not: boolean, verb: Verb, phenotype: string, where: string}} Row `phenotype`: '' for any, an accession, or
 *   `=words` for the authors' words without a term. `where`: '' in any study, `other`, `>=3` (studies), an accession, or accession/component.
 * @typedef {{rows: Row[], organism: string, technology: string, controls: boolean, recorded: boolean, exact: boolean}} Question */

export const MOST_ROWS = 8
const VERBS = ['has', 'no', 'sampled']

/** A text as a literal of SQL. @param {string} value */
export const literal = (value) => `'${value.replaceAll("'", "''")}'`

/** @param {string} where @returns {number} how many studies `>=3` asks for; 0 where it asks for none */
export const atLeast = (where) => Number(/^>=([1-9]\d?)$/.exec(where)?.[1] ?? 0)

/** @param {Row} row @param {boolean} exact @returns {string[]} */
function ofPhenotype({ phenotype }, exact) {
  if (!phenotype) return []
  if (phenotype.startsWith('=')) return [`phenotype = ${literal(phenotype.slice(1))} AND term IS NULL`]
  return exact ? [`term = ${literal(phenotype)}`] : [`term IN (SELECT term FROM term_ancestors WHERE ancestor = ${literal(phenotype)})`]
}

/** @param {Row} row @returns {string[]} */
function ofPlace({ where }) {
  if (!where || where === 'other' || atLeast(where)) return []
  const [study, component] = where.split('/')
  return component ? [`study = ${literal(study)} AND component = ${literal(component)}`] : [`study = ${literal(study)}`]
}

/** @param {string[]} conditions */
const filter = (conditions) => (conditions.length ? `\n  WHERE ${conditions.join(' AND ')}` : '')

/** The genes, with the studies that count, of one row. @param {Row} row @param {boolean} exact */
function condition(row, exact) {
  const n = atLeast(row.where)
  const place = ofPlace(row)
  const having = n ? `\n  GROUP BY entity HAVING count(DISTINCT study) >= ${n}` : ''
  const what = n ? 'entity' : 'DISTINCT entity, study'
  if (row.verb === 'has') return `SELECT ${what} FROM found${filter([...ofPhenotype(row, exact), ...place])}${having}`
  if (row.verb === 'sampled') return `SELECT ${what} FROM tested${filter(place)}${having}`
  const found = `FROM found${filter([...ofPhenotype(row, exact), ...place]).replace('\n ', '')}`
  // In another study: sampled there without it. Anywhere else: in none of the places that count.
  if (row.where === 'other') return `SELECT entity, study FROM tested\n  EXCEPT SELECT entity, study ${found}`
  return `SELECT ${what} FROM tested${filter([...place, `entity NOT IN (SELECT entity ${found})`])}${having}`
}

/** The SQL of a question, for DuckDB 0.9.1 and later. @param {Question} question */
export function toSql({ rows, organism, technology, controls, recorded, exact }) {
  const asks = ["t.kind = 'gene'", 't.entity IS NOT NULL']
  if (!controls) asks.push('NOT t.control')
  if (organism) asks.push(`t.entity IN (SELECT slug FROM entities WHERE kind = 'gene' AND organism = ${literal(organism)})`)
  if (technology) asks.push(`list_contains(string_split(c.technology, '; '), ${literal(technology)})`)
  if (recorded) asks.push('c.phenotypes_observed > 0')
  const join = technology || recorded ? '\n  JOIN components c ON c.study = t.study AND c.component = t.component' : ''
  const parts = [
    `tested AS MATERIALIZED (\n  SELECT DISTINCT t.entity, t.study, t.component, t.sample_id\n  FROM sample_targets t${join}\n  WHERE ${asks.join('\n    AND ')}\n)`,
    'found AS MATERIALIZED (\n  SELECT t.entity, t.study, t.component, t.sample_id, p.phenotype, p.term\n  FROM tested t JOIN sample_phenotypes p ON p.sample_id = t.sample_id\n)',
    ...rows.map((row, i) => `c${i + 1} AS (\n  ${condition(row, exact)}\n)`),
  ]
  /** @type {string[]} */
  const joined = []
  /** @type {string[]} */
  const without = []
  /** @type {string[]} */
  const before = [] // conditions that must hold and name a study, so that `other` is another than theirs
  let first = ''
  rows.forEach((row, i) => {
    const name = `c${i + 1}`
    const others = row.where === 'other' ? before.map((b) => ` AND ${name}.study <> ${b}.study`).join('') : ''
    if (row.not) {
      joined.push(`LEFT JOIN ${name} ON ${name}.entity = FIRST.entity${others}`)
      without.push(`${name}.entity IS NULL`)
      return
    }
    if (!first) first = name
    else joined.push(`JOIN ${name} ON ${name}.entity = FIRST.entity${others}`)
    if (!atLeast(row.where)) before.push(name)
  })
  // What is left out is joined last: it may name a study of any condition before it.
  const ordered = [...joined.filter((j) => j.startsWith('JOIN')), ...joined.filter((j) => j.startsWith('LEFT'))]
  const base = first || 'tested'
  const chosen = [`SELECT DISTINCT ${base}.entity FROM ${base}`, ...ordered.map((j) => j.replaceAll('FIRST', base)),
    ...(without.length ? [`WHERE ${without.join(' AND ')}`] : [])].join('\n  ')
  return `WITH ${[...parts, `chosen AS (\n  ${chosen}\n)`].join(',\n')}
SELECT e.name AS gene, e.organism,
       count(DISTINCT f.study) AS studies_with_phenotype, count(DISTINCT t.study) AS studies,
       count(DISTINCT f.sample_id) AS samples_with_phenotype, count(DISTINCT t.sample_id) AS samples,
       string_agg(DISTINCT f.study, '; ' ORDER BY f.study) AS found_in,
       string_agg(DISTINCT f.phenotype, '; ' ORDER BY f.phenotype) AS phenotypes,
       e.slug AS entity, e.address
FROM chosen
JOIN entities e ON e.kind = 'gene' AND e.slug = chosen.entity
JOIN tested t ON t.entity = chosen.entity
LEFT JOIN found f ON f.entity = t.entity AND f.sample_id = t.sample_id
GROUP BY e.name, e.organism, e.slug, e.address
ORDER BY studies_with_phenotype DESC, studies DESC, samples_with_phenotype DESC, entity`
}

const DEFAULT = { organism: '', technology: '', controls: false, recorded: false, exact: false }

/** The address's part after `#`: a `c` for each row, its parts joined by `|`. @param {Question} question */
export function toHash(question) {
  const part = (/** @type {string} */ text) => encodeURIComponent(text)
  const rows = question.rows.map(({ not, verb, phenotype, where }) => 'c=' + [not ? 'not' : 'and', verb, phenotype, where].map((p) => part(part(p))).join('%7C'))
  const rest = /** @type {const} */ (['organism', 'technology']).filter((k) => question[k]).map((k) => `${k}=${part(question[k])}`)
  const flags = /** @type {const} */ (['controls', 'recorded', 'exact']).filter((k) => question[k]).map((k) => `${k}=yes`)
  return [...rows, ...rest, ...flags].join('&')
}

/** How many conditions of an address `fromHash` leaves out: those behind the first MOST_ROWS, and those it does not understand.
 * @param {string} hash @returns {{more: number, strange: number}} */
export function leftOut(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, '')).getAll('c').length
  const read = Math.min(given, MOST_ROWS)
  return { more: given - read, strange: read - (fromHash(hash)?.rows.length ?? 0) }
}

/** What an address asks; null where it asks nothing. Never raises: what it does not understand is left out. @param {string} hash */
export function fromHash(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  /** @type {Row[]} */
  const rows = []
  for (const text of given.getAll('c').slice(0, MOST_ROWS)) {
    let parts
    try {
      parts = text.split('|').map(decodeURIComponent)
    } catch {
      continue
    }
    const [join, verb, phenotype = '', where = ''] = parts
    if (VERBS.includes(verb)) rows.push({ not: join === 'not', verb: /** @type {Verb} */ (verb), phenotype, where })
  }
  if (!rows.length) return null
  return /** @type {Question} */ ({
    ...DEFAULT, rows, organism: given.get('organism') ?? '', technology: given.get('technology') ?? '',
    controls: given.has('controls'), recorded: given.has('recorded'), exact: given.has('exact'),
  })
}
