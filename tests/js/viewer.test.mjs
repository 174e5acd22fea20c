import assert from 'node:assert/strict'
import test from 'node:test'
import { meant } from '../../assets/js/plate-caption.js'
import { pathOf } from '../../assets/js/viewer-regions-shapes.js'
import { Kept } from '../../assets/js/viewer-kept.js'
import { whole } from '../../assets/js/viewer-readout.js'
import { isLut, lut, lutNames } from '../../assets/js/viewer-luts.js'
import { autoWindow, rounded, shortNumber, show, solo } from '../../assets/js/viewer-panel.js'
import { asked, drawn, hashOf, initial, readHash, scaleBar, targetHash, viewHash, viewOf } from '../../assets/js/viewer-state.js'
import { add, colours, valueOf } from '../../assets/js/viewer-tiles.js'

const info = {
  width: 1000, height: 800, z: 5, t: 3, coding: 'sqrt', limits: [[100, 1100], [0, 1]],
  channels: [
    { name: 'DAPI', colour: '#0000FF', low: 100, high: 600, shown: true },
    { name: 'GFP', colour: '#00ff00', low: 0.1, high: 0.9, shown: false },
  ],
}

test('what nothing is asked of is the middle plane, and says nothing in the address', () => {
  const view = initial(info)
  assert.deepEqual([view.z, view.t], [2, 0])
  assert.equal(viewHash(view, info), '')
})

test('every view survives the address', () => {
  const view = {
    channels: [{ shown: false, low: 150.5, high: 600, colour: '#ff8800', lut: '', invert: false }, { shown: true, low: 0.1, high: 0.75, colour: '#00ff00', lut: 'cyan-hot', invert: true }],
    z: 4, t: 1, x: 512, y: 300.5, zoom: 250, grey: true, projection: false, rotation: 270, flip: true, at: [10, 20], exact: 'p',
  }
  const hash = '#' + hashOf({ sample: 'A 2/é&=', field: 3 }, viewHash(view, info))
  const { target, parts } = readHash(hash)
  assert.deepEqual(target, { sample: 'A 2/é&=', field: 3 })
  assert.deepEqual(viewOf(parts, info), view)
  assert.match(hash, /&c=-1\|150\.5:600\$FF8800,2\|0\.1:0\.75\$cyan-hot!&m=g&z=5&t=2&r=270&f=1&at=10,20&x=512&y=300\.5&zm=250&e=p$/)
})

test('an archive’s own address is read from the query, and leaves it', () => {
  const address = { search: '?show=image-1&c=1|120:500$00FF00,-2|0:1$fire.lut&m=c&p=normal&maps=[{"inverted":{"enabled":true}}]&z=4&t=2&x=500&y=400&zm=150', hash: '' }
  const { parts, search } = asked(address)
  assert.equal(search, '?show=image-1')
  const view = viewOf(parts, info)
  assert.deepEqual(view.channels[0], { shown: true, low: 120, high: 500, colour: '#00ff00', lut: '', invert: true })
  assert.deepEqual(view.channels[1], { shown: false, low: 0, high: 1, colour: '#00ff00', lut: 'fire', invert: false })
  assert.deepEqual([view.z, view.t, view.x, view.y, view.zoom], [3, 1, 500, 400, 150])
  // What stands in the hash goes before; sent through a form or a mail, the same is read.
  assert.equal(viewOf(asked({ ...address, hash: '#z=2' }).parts, info).z, 1)
  assert.deepEqual(viewOf(asked({ ...address, search: address.search.replace(/[|:$,"{}[\]]/g, encodeURIComponent) }).parts, info), view)
})

test('a zoom without a place is in the middle, a place without a zoom is fitted', () => {
  const place = (hash) => { const { x, y, zoom } = viewOf(readHash(hash).parts, info); return [x, y, zoom] }
  assert.deepEqual(place('#zm=200'), [500, 400, 200])
  assert.deepEqual(place('#x=10'), [10, 400, null])
  assert.deepEqual(place('#x=10&y=20'), [10, 20, null])
  assert.deepEqual(place('#zm=0'), [null, null, null])
  assert.deepEqual(place('#'), [null, null, null])
  assert.equal(viewHash(viewOf(readHash('#x=10&y=20').parts, info), info), 'x=10&y=20')
})

test('a well is meant whatever its case and its leading zeros, where only one can be', () => {
  assert.equal(meant(['A1', 'B2', 'B20'], 'b02'), 'B2')
  assert.equal(meant(['A01', 'B02'], 'B2'), 'B02')
  assert.equal(meant(['A1'], 'A1'), 'A1')
  assert.equal(meant(['cell_1', 'cell_01'], 'Cell_1'), null)
  assert.equal(meant(['B2'], 'B3'), null)
})

test('a projection is asked for where there is one, and the preview’s plane is where an image opens', () => {
  assert.equal(viewOf(readHash('#p=intmax|0:4').parts, info).projection, false)
  const stack = { ...info, projection: true, preview: { z: 'max' } }
  assert.equal(initial(stack).projection, true)
  assert.equal(viewHash(initial(stack), stack), '')
  const plane = viewOf(readHash('#p=normal&z=2').parts, stack)
  assert.deepEqual([plane.projection, plane.z], [false, 1])
  assert.equal(viewHash(plane, stack), 'p=normal&z=2')
  assert.deepEqual(viewOf(readHash('#z=2').parts, stack), plane, 'who names a plane means it')
  assert.equal(viewOf(readHash('#z=99').parts, stack).projection, true)
  assert.equal(viewHash({ ...initial(stack), z: 1 }, stack), 'p=intmax&z=2')
  assert.equal(initial({ ...info, preview: { z: 4 } }).z, 4)
})

test('a cited view holds what is default too', () => {
  const whole = viewHash(initial(info), info, { whole: true })
  assert.equal(whole, 'c=1|100:600$0000FF,-2|0.1:0.9$00FF00&z=3&t=1')
  assert.deepEqual(viewOf(readHash('#' + whole).parts, info), initial(info))
})

test('in grey one channel is drawn; solo comes and goes', () => {
  const view = { ...initial(info), grey: true }
  view.channels.forEach((c) => (c.shown = true))
  assert.deepEqual(drawn(view), [true, false])
  show(view, 1, true)
  assert.deepEqual(drawn(view), [false, true])
  view.grey = false
  solo(view, info, 0)
  assert.deepEqual(drawn(view), [true, false])
  solo(view, info, 0)
  assert.deepEqual(drawn(view), initial(info).channels.map((c) => c.shown))
})

test('a window from a histogram leaves out an empty border and hot pixels', () => {
  const counts = Array(64).fill(0)
  counts[0] = 4
  for (let i = 10; i < 20; i++) counts[i] = 1000
  counts[63] = 3
  const [low, high] = autoWindow(counts, [0, 640])
  assert.ok(low >= 100 && low < 110 && high > 190 && high <= 200, `${low} ${high}`)
  assert.deepEqual(autoWindow(Array(64).fill(0), [0, 640]), [0, 640])
})

test('lookup tables begin and end where they should, and glasbey’s colours differ', () => {
  for (const [name] of lutNames()) assert.equal(lut(name).length, 768)
  assert.deepEqual([...lut('fire').slice(765)], [255, 255, 255])
  assert.deepEqual([...lut('viridis').slice(0, 3)], [0x44, 0x01, 0x54])
  const seen = new Set(Array.from({ length: 256 }, (_, i) => [...lut('glasbey').slice(i * 3, i * 3 + 3)].join()))
  assert.equal(seen.size, 256)
  assert.ok(!isLut('constructor') && !isLut(''))
  const inverted = colours(info, 1, { shown: true, low: 0, high: 1, colour: '#ffffff', lut: '', invert: true })
  assert.deepEqual([inverted[0], inverted[767]], [255, 0])
})

test('what the image does not have is left as it is', () => {
  const asked = readHash('#c=9|1:2,x,1|600:100$12,-2&z=99&t=0&x=-5&y=1&zm=100').parts
  const view = viewOf(asked, info)
  assert.deepEqual(view, { ...initial(info), channels: [initial(info).channels[0], { ...initial(info).channels[1], shown: false }] })
  assert.deepEqual(readHash('#A2').target, { sample: 'A2', field: 1 })
  assert.deepEqual(readHash('#z=2').target, { sample: null, field: 1 })
  assert.deepEqual(readHash('#100%').target, { sample: '100%', field: 1 })
  assert.deepEqual(readHash('').target, { sample: null, field: 1 })
})

test('grays stand for values, and values for colours', () => {
  assert.equal(valueOf(info, 0, 0), 100)
  assert.equal(valueOf(info, 0, 255), 1100)
  assert.ok(Math.abs(valueOf(info, 0, 128) - (100 + (128 / 255) ** 2 * 1000)) < 1e-9)
  const table = colours(info, 0, { shown: true, low: 100, high: 600, colour: '#0080ff' })
  assert.deepEqual([...table.slice(0, 3)], [0, 0, 0])
  assert.deepEqual([...table.slice(765)], [0, 128, 255])
  // One value wide: a threshold, never a division by nothing.
  const step = colours(info, 1, { shown: true, low: 0.5, high: 0.5, colour: '#ffffff' })
  assert.deepEqual([step[3 * 100], step[3 * 200]], [0, 255])
})

test('channels add up, and end at white', () => {
  const rgba = new Uint8ClampedArray([0, 0, 0, 255, 200, 0, 0, 255])
  const table = new Uint8ClampedArray(768).fill(100)
  add(rgba, new Uint8ClampedArray([7, 7]), table)
  assert.deepEqual([...rgba], [100, 100, 100, 255, 255, 100, 100, 255])
})

test('scale bars are round', () => {
  assert.deepEqual(scaleBar(0.125, 140), { pixels: 80, text: '10 µm' })
  assert.equal(scaleBar(25, 140).text, '2 mm')
  assert.equal(scaleBar(0.001, 140).text, '100 nm')
})

test('regions are drawn as they are written', () => {
  assert.equal(pathOf({ type: 'Point', coordinates: [1, 2] }), 'M1 2h0')
  assert.equal(pathOf({ type: 'MultiPolygon', coordinates: [[[[0, 0], [1, 0], [0, 0]]], [[[5, 5], [6, 5], [5, 5]]]] }), 'M0 0L1 0L0 0ZM5 5L6 5L5 5Z')
  assert.equal(pathOf({ type: 'Other', coordinates: [] }), '')
})

test('a window survives the address to its last digit', () => {
  for (const [low, high] of [[1000010, 1000020], [0.123456789, 0.2], [1e-9, 1e300], [-16777217, 4294967295]]) {
    const view = initial(info)
    Object.assign(view.channels[0], { low, high })
    for (const whole of [false, true]) assert.deepEqual(viewOf(readHash('#' + viewHash(view, info, { whole })).parts, info), view)
  }
})

test('a name that ends as a field does is not taken for one', () => {
  for (const sample of ['x.f2', 'x.f2.f3', 'x.f2.tif', '.f2', 'a/b.f10']) {
    for (const field of [1, 4]) assert.deepEqual(readHash('#' + hashOf({ sample, field }, 'z=2')).target, { sample, field })
  }
  assert.equal(targetHash({ sample: 'x.f2', field: 1 }), 'x%2Ef2')
  assert.equal(targetHash({ sample: 'x.f2.tif', field: 2 }), 'x.f2.tif.f2')
})

test('a zoom at which nothing could be seen is none', () => {
  for (const zm of ['1e-300', '0.0001', '0']) assert.equal(viewOf(readHash(`#x=10&y=10&zm=${zm}`).parts, info).zoom, null)
  assert.equal(viewOf(readHash('#x=10&y=10&zm=5').parts, info).zoom, 5)
})

test('numbers of any size are written', () => {
  assert.deepEqual([123456, 1234.5, -123456, 0.12345, 1e14].map(shortNumber), ['123456', '1235', '-123456', '0.123', '100000000000000'])
  assert.deepEqual([1e15, 1.23456e100, -1.5e300, Number.MAX_VALUE].map(shortNumber), ['1e+15', '1.23456e+100', '-1.5e+300', '1.79769e+308'])
})

test('a window that is drawn with a handle has no more digits than it needs', () => {
  assert.deepEqual([rounded(103.94736842, 1000), rounded(0.1 + 0.2, 1), rounded(12345.678, 65535), rounded(1234567.8, 4e9), rounded(1.23456789e-7, 1e-6)], [103.95, 0.3, 12346, 1234570, 1.2346e-7])
})

test('an exact value is told in as many digits as it has', () => {
  assert.equal(whole(100000.2123, 'float64'), '100000.2123')
  assert.equal(whole(Math.fround(0.1), 'float32'), '0.1')
  assert.equal(whole(Math.fround(100000.2123), 'float32'), '100000.21')
  assert.equal(whole(18446744073709551615n, 'uint64'), '18446744073709551615')
  assert.equal(whole(65535, 'uint16'), '65535')
})

test('what was given up is not counted, however late it comes', async () => {
  const kept = new Kept(100)
  const finish = []
  const stops = Array.from({ length: 12 }, () => new AbortController())
  const asked = stops.map(({ signal }, i) => kept.get(`${i}`, () => new Promise((resolve) => finish.push(resolve)), signal))
  for (const stop of stops) stop.abort()
  for (const resolve of finish) resolve({ bytes: 10 })
  await Promise.all(asked)
  assert.deepEqual([kept.bytes, kept.entries.size], [0, 0])
  await kept.get('a', async () => ({ bytes: 60 }))
  assert.deepEqual([kept.bytes, kept.here('a')], [60, { bytes: 60 }])
})
