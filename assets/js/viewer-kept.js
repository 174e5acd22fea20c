// What was fetched and decoded, kept while there is room, the longest unused going first; given up where nobody waits for it any more.

/** @template {{bytes: number}} T */
export class Kept {
  /** @param {number} most bytes */
  constructor(most) {
    this.most = most
    this.bytes = 0
    /** @type {Map<string, {promise: Promise<T>, value: T | null, stop: AbortController, wanted: number}>} */
    this.entries = new Map()
  }

  /** What is here now. @param {string} key @returns {T | null} */
  here(key) {
    return this.entries.get(key)?.value ?? null
  }

  /**
   * @param {string} key @param {(signal: AbortSignal) => Promise<T>} make @param {AbortSignal} [signal] the asker no longer wants it
   * @returns {Promise<T>}
   */
  get(key, make, signal) {
    let entry = this.entries.get(key)
    if (entry) this.entries.delete(key)
    else {
      const stop = new AbortController()
      const fresh = { promise: make(stop.signal), value: /** @type {T | null} */ (null), stop, wanted: 0 }
      fresh.promise.then((value) => {
        if (this.entries.get(key) !== fresh) return // given up too late to be stopped: it is kept nowhere
        fresh.value = value
        this.bytes += value.bytes
        this.#forget()
      }, () => this.entries.get(key) === fresh && this.entries.delete(key))
      entry = fresh
    }
    this.entries.set(key, entry) // the latest used stands last
    const waited = entry
    waited.wanted++
    signal?.addEventListener('abort', () => {
      if (--waited.wanted > 0 || waited.value) return
      waited.stop.abort()
      if (this.entries.get(key) === waited) this.entries.delete(key)
    })
    return entry.promise
  }

  #forget() {
    for (const [key, entry] of this.entries) {
      if (this.bytes <= this.most) return
      if (!entry.value) continue
      this.entries.delete(key)
      this.bytes -= entry.value.bytes
    }
  }
}
