// A sample as the part of an address after `#`, as portal/addresses.py (fragment) writes it.

/** A name may itself end as a field does (`x.f2`): its dot is escaped. @param {string} sample */
export const sampleHash = (sample) => encodeURIComponent(sample).replace(/\.(?=f\d+$)/, '%2E')
