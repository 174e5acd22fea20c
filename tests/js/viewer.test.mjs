import assert from 'node:assert/strict'
import test from 'node:test'
import { pathOf } from '../../assets/js/viewer-overlay.js'
import { hashOf, initial, readHash, scaleBar, viewHash, viewOf } from '../../assets/js/viewer-state.js'
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
    channels: [{ shown: false, low: 150.5, high: 600, colour: '#ff8800' }, { shown: true, low: 0.1, high: 0.75, colour: '#00ff00' }],
    z: 4, t: 1, x: 512, y: 300, zoom: 250,
  }
  const hash = '#' + hashOf({ sample: 'A 2/é&=', field: 3 }, viewHash(view, info))
  const { target, parts } = readHash(hash)
  assert.deepEqual(target, { sample: 'A 2/é&=', field: 3 })
  assert.deepEqual(viewOf(parts, info), view)
  assert.match(hash, /c=-1\|150\.5:600\$FF8800,2\|0\.1:0\.75\$00FF00&z=5&t=2&x=512&y=300&zm=250$/)
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
