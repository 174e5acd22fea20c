import assert from 'node:assert/strict'
import test from 'node:test'
import { brightest, density } from '../../assets/js/viewer-points.js'
import { idsOf, painted } from '../../assets/js/viewer-labels.js'
import { chained, inverse, levelFor, moved, seen } from '../../assets/js/viewer-overlay-tiles.js'
import { boxOf, distance, isHere, lifted, meant, nameOf, ownHue, packed, pathOf, tailOf, tracksOf, unpacked, ways } from '../../assets/js/viewer-regions-shapes.js'

const feature = (type, coordinates, properties = {}) => ({ geometry: { type, coordinates }, properties })
const square = (x, y, side) => [[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]

test('a circle is a point with a radius', () => {
  assert.equal(pathOf({ type: 'Point', coordinates: [10, 20] }, 5), 'M5 20a5 5 0 1 0 10 0a5 5 0 1 0 -10 0Z')
  assert.deepEqual(boxOf(feature('Point', [10, 20], { radius: 5 })), { x: 5, y: 15, width: 10, height: 10 })
})

test('the smallest shape within reach is meant, and a hole is outside', () => {
  const features = [feature('Polygon', [square(0, 0, 100), square(40, 40, 20)]), feature('Polygon', [square(10, 10, 10)]), feature('LineString', [[0, 200], [100, 200]])]
  const all = features.keys()
  assert.equal(meant(features, [0, 1, 2], 15, 15, 2), 1)
  assert.equal(meant(features, [0, 1, 2], 30, 15, 2), 0)
  assert.equal(meant(features, [0, 1, 2], 50, 50, 2), -1)
  assert.equal(meant(features, [0, 1, 2], 50, 203, 4), 2)
  assert.equal(meant(features, [0, 1, 2], 50, 206, 4), -1)
  assert.equal(distance(features[2], 104, 203), 5)
  assert.ok(all)
})

test('a shape is seen on its plane, on every plane of a projection, where its channel is shown', () => {
  const view = { z: 2, t: 0, channels: [{ shown: true }, { shown: false }] }
  assert.equal(isHere(feature('Point', [1, 1], { z: 2, t: 0 }), view), true)
  assert.equal(isHere(feature('Point', [1, 1], { z: 1 }), view), false)
  assert.equal(isHere(feature('Point', [1, 1], { z: 1 }), { ...view, projection: true }), true)
  assert.equal(isHere(feature('Point', [1, 1], { t: 1 }), { ...view, projection: true }), false)
  assert.equal(isHere(feature('Point', [1, 1], { c: 1 }), view), false)
})

test('tracks are joined in order of time, and their tails end now', () => {
  const [track] = tracksOf([feature('Point', [3, 3], { track: 'a', t: 2 }), feature('Point', [1, 1], { track: 'a', t: 0 }), feature('Polygon', [square(1, 1, 2)], { track: 'a', t: 1 }), feature('Point', [0, 0], { track: 'a' })])
  assert.deepEqual(track.members, [1, 2, 0])
  assert.equal(tailOf(track, 2, Infinity), 'M1 1L2 2L3 3')
  assert.equal(tailOf(track, 2, 1), 'M2 2L3 3')
  assert.equal(tailOf(track, 0, Infinity), '')
  assert.equal(nameOf(feature('Point', [1, 1], { track: 4, t: 2 }), 0), 'Track 4, t 3')
})

test('properties are told apart by what they hold', () => {
  const found = ways([feature('Point', [0, 0], { area: 1, kind: 'a', ok: true, name: 'n', z: 1 }), feature('Point', [0, 0], { area: 2.5, kind: 3 })])
  assert.deepEqual(found.map(({ key, kind }) => [key, kind]), [['area', 'number'], ['kind', 'category'], ['ok', 'flag']])
})

test('own colours are stable, apart and bright enough for black', () => {
  const all = Array.from({ length: 300 }, (_, n) => ownHue(n))
  assert.equal(ownHue(7), ownHue('7'))
  assert.ok(new Set(all).size > 290)
  for (const colour of all) assert.match(colour, /^#[0-9a-f]{6}$/)
  assert.notEqual(lifted('#440154'), '#440154')
  assert.equal(lifted('#fde725'), '#fde725')
})

test('what is chosen survives the address, whatever it is called', () => {
  const parts = { r: '0', rb: 'Area [µm²] ~a.b!c', rf: '>5 & "x"=\'(1)*\'', rs: 12, rt: '', rl: null }
  const text = packed(parts)
  assert.match(text, /^[A-Za-z0-9_.~!-]+$/)
  assert.deepEqual(Object.fromEntries(unpacked(text)), { r: '0', rb: parts.rb, rf: parts.rf, rs: '12' })
  assert.deepEqual([...unpacked('rb.!E0~.x~~y')], [])
})

test('affine maps are chained and undone', () => {
  const [a, b] = [[2, 0.5, 10, -1, 3, 5], [0.1, 0, -3, 0.7, 1.5, 2]]
  const [one, two] = [moved(chained(a, b), 4, 7), moved(a, ...Object.values(moved(b, 4, 7)))]
  assert.ok(Math.hypot(one.x - two.x, one.y - two.y) < 1e-9)
  const back = moved(inverse(a), ...Object.values(moved(a, 4, 7)))
  assert.ok(Math.hypot(back.x - 4, back.y - 7) < 1e-9)
})

test('the level is at least as fine as the screen, the tiles are those that are seen', () => {
  const levels = [{ columns: 4, rows: 3 }, { columns: 2, rows: 2 }, { columns: 1, rows: 1 }]
  assert.deepEqual([2, 1, 0.6, 0.5, 0.3, 0.25, 0.01].map((scale) => levelFor(levels, scale)), [0, 0, 0, 1, 1, 2, 2])
  assert.deepEqual(seen(levels[0], 1, 512, [1, 0, -600, 0, 1, -100], 500, 300), [{ x: 1, y: 0 }, { x: 2, y: 0 }])
  assert.deepEqual(seen(levels[1], 2, 512, [1, 0, 0, 0, 1, 0], 500, 300), [{ x: 0, y: 0 }])
  assert.deepEqual(seen(levels[0], 1, 512, [1, 0, 5000, 0, 1, 0], 500, 300), [])
})

test('ids are read from three bytes, and an outline is where another id begins', () => {
  assert.deepEqual([...idsOf({ data: Uint8ClampedArray.from([44, 1, 0, 255, 112, 17, 1, 255]) })], [300, 70_000])
  const tile = { width: 3, height: 3, ids: Uint32Array.from([5, 5, 5, 5, 5, 5, 5, 5, 0]) }
  const filled = painted(tile, () => 0x102030, false, 0)
  assert.deepEqual([...filled.slice(16, 20)], [16, 32, 48, 255])
  assert.equal(filled[35], 0)
  const edges = painted(tile, () => 0x102030, true, 0)
  assert.deepEqual([...Array(9).keys()].filter((i) => edges[i * 4 + 3]), [5, 7])
  assert.equal(painted(tile, () => -1, false, 0).some(Boolean), false)
})

test('points are counted where they fall', () => {
  const { counts, inside } = density(Float32Array.from([0.5, 0.5, 0.9, 0.1, 3.5, 1.5, 99, 0, -1, 0]), 5, { x: 0, y: 0 }, 1, 4, 2)
  assert.deepEqual([...counts], [2, 0, 0, 0, 0, 0, 0, 1])
  assert.equal(inside, 3)
  assert.equal(brightest(counts), 2)
  assert.equal(brightest(new Uint32Array(4)), 1)
})
