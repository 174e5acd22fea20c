// An image by the address of the page that shows it: `images/<id>/`, or a well or sample on its plate's or dataset's page,
// `studies/<study>/<component>/<container>/#A2.f2`. Such addresses outlive tiles, which are named by what they hold.

import { atRoot } from './dom.js'
import { readHash } from './viewer-state.js'

/** @typedef {{info: string, name: string, rois: string | null, address: string, title: string, study: string, licence: string, links: Record<string, any>}} Found addresses absolute */

const NAME = '[\\w.-]+'
const REFERENCE = new RegExp(`^(?:images/${NAME}/|studies/${NAME}/${NAME}/${NAME}/#[^#]{1,200})$`)

/** Whether a text can be such an address: below this site, of those two shapes, and of no other place. @param {string} text */
export const isReference = (text) => text.length < 600 && REFERENCE.test(text) && !/(^|\/)\.{1,2}(\/|$)/.test(text.split('#')[0])

/** The reference of what this page shows. @param {string} [sample] part of the address that names a well or sample */
export function referenceHere(sample = '') {
  const root = new URL(atRoot(''))
  const path = location.pathname.slice(root.pathname.length)
  const text = sample ? `${path}#${sample}` : path
  return isReference(text) ? text : ''
}

/** An address of ours, absolute, below the folder of tiles; anything else is refused. @param {string} text @param {string} page */
function tiles(text, page) {
  const url = new URL(text, page)
  if (!url.href.startsWith(atRoot('tiles/')) || url.search || url.hash) throw new Error('the page names tiles that are not this portal’s')
  return url.href
}

/**
 * What else a page says of an image, its exact pixels among it: as absolute addresses of this portal. Those that lie elsewhere are
 * left out, because only the image's own pages may ask there.
 * @param {Record<string, any>} told @param {string} page
 */
function linked({ zarr, zarrformat, original, ...links }, page) {
  const ours = (/** @type {string} */ name, /** @type {string | undefined} */ text, /** @type {string} */ folder) => {
    const url = text ? new URL(text, page).href : ''
    return url.startsWith(atRoot(folder)) ? { [name]: url } : {}
  }
  return { ...links, ...ours('zarr', zarr, 'zarr/'), ...ours('original', original, 'originals/') }
}

/**
 * The image of a field among those of a well or sample, which are numbered from 1 where they do not say; the first for the first.
 * @template {{field?: number}} T @param {T[]} fields @param {number} number @returns {T | undefined}
 */
export const imageOf = (fields, number) => fields.find(({ field }, i) => (field ?? i + 1) === number) ?? (number === 1 ? fields[0] : undefined)

/**
 * Reads the page of an image for where its tiles lie and what it is called. Throws where there is none.
 * @param {string} reference @returns {Promise<Found>}
 */
export async function resolve(reference) {
  if (!isReference(reference)) throw new Error('the address names no image of this portal')
  const [path, hash = ''] = reference.split('#')
  const page = atRoot(path)
  const answer = await fetch(page, { redirect: 'error' })
  if (!answer.ok) throw new Error(`there is no page ${path} (${answer.status})`)
  const told = new DOMParser().parseFromString(await answer.text(), 'text/html')
  const data = JSON.parse(told.getElementById('page-data')?.textContent || '{}')
  const over = [...told.querySelectorAll('.head .over > span')].map((span) => span.textContent?.trim() ?? '')
  const common = {
    title: data.cited?.title ?? told.querySelector('.head h1')?.textContent?.trim() ?? '', study: over[0] ?? '',
    licence: data.cited?.licence ?? told.querySelector('.head .over a[href^="http"]')?.textContent?.trim() ?? '', address: hash ? `${page}#${hash}` : page,
  }
  if (!hash) {
    const viewer = told.querySelector('.viewer[data-info]')
    if (!(viewer instanceof HTMLElement)) throw new Error(`the page ${path} shows no image`)
    // Images laid on it stand beside its own page.
    const { info = '', name = '', rois, pairs, ...links } = viewer.dataset
    return { ...common, info: tiles(info, page), name, rois: rois ? tiles(rois, page) : null, links: linked(links, page) }
  }
  const { target } = readHash(hash)
  const fields = target.sample !== null && Object.hasOwn(data.wells ?? {}, target.sample) ? data.wells[target.sample].fields ?? [] : []
  const field = imageOf(fields, target.field)
  if (!field) throw new Error(`the page ${path} has no image of ${target.sample ?? 'that'}`)
  const { info, name, rois, pairs, field: number, ...links } = field
  const place = `${common.title} ${target.sample}${target.field > 1 ? `, field ${target.field}` : ''}`
  return { ...common, info: tiles(info, page), name: place, rois: rois ? tiles(rois, page) : null, links: linked(links, page) }
}
