// The bundled libraries of others, loaded when first needed. `data-vendor` on <html> is their folder.

/** @type {Map<string, Promise<any>>} */
const loaded = new Map()

/** Address of a file in the vendor folder, absolute (a worker from a blob has no base of its own). @param {string} file */
export const vendorUrl = (file) => new URL((document.documentElement.dataset.vendor ?? '') + file, document.baseURI).href

/**
 * A bundled library's module: openseadragon, duckdb, hyparquet, lunr, codemirror.
 * @param {string} name
 * @returns {Promise<any>}
 */
export function vendor(name) {
  let module = loaded.get(name)
  if (!module) {
    module = import(vendorUrl(`${name}.js`))
    module.catch(() => loaded.delete(name)) // a lost connection is tried again, not remembered
    loaded.set(name, module)
  }
  return module
}
