// OpenSeadragon over an OME-Zarr that zarrita reads: the chunks of a tile are windowed, coloured and added up here. The least that
// shows four channels: no controls, no array's attributes, one request for a shard's index. The coarse level that OpenSeadragon shows
// first is fetched as well, as on our page.

import OpenSeadragon from 'openseadragon'
import * as zarr from 'zarrita'

import { channelsOf, format, source as address, stage } from './asked.js'

const open = zarr.open[format]
const store = new zarr.FetchStore(address, { useSuffixRequest: true })
const group = await open(zarr.root(store), { kind: 'group' })
const { multiscales: [image], omero } = group.attrs.ome ?? group.attrs
const levels = await Promise.all(image.datasets.map(({ path }) => open(group.resolve(path), { kind: 'array', attrs: false })))
const channels = channelsOf(omero)
const [tall, wide] = levels[0].shape.slice(-2)
const tile = levels[0].chunks.at(-1)
let z = 0

/** Values of all channels of a tile, fetched once. @type {Map<string, Promise<any[]>>} */
const kept = new Map()

function values(level, x, y) {
  const key = [level, z, y, x].join('/')
  if (!kept.has(key)) kept.set(key, Promise.all(channels.map((_, c) => levels[level].getChunk([0, c, z, y, x]))))
  return kept.get(key)
}

async function picture(level, x, y) {
  const chunks = await values(level, x, y)
  const [high, across] = levels[level].shape.slice(-2)
  const [w, h] = [Math.min(tile, across - x * tile), Math.min(tile, high - y * tile)]
  const context = Object.assign(document.createElement('canvas'), { width: w, height: h }).getContext('2d')
  const drawn = context.createImageData(w, h)
  const rgba = drawn.data
  for (let i = 3; i < rgba.length; i += 4) rgba[i] = 255
  channels.forEach(({ low, high: top, rgb: [r, g, b] }, c) => {
    const { data, stride } = chunks[c]
    for (let row = 0, j = 0; row < h; row++) for (let i = row * stride.at(-2), end = i + w; i < end; i++, j += 4) {
      const bright = Math.min(1, Math.max(0, (data[i] - low) / (top - low)))
      rgba[j] += bright * r
      rgba[j + 1] += bright * g
      rgba[j + 2] += bright * b
    }
  })
  context.putImageData(drawn, 0, 0)
  return context
}

const top = levels.length - 1
const source = new OpenSeadragon.TileSource({ width: wide, height: tall, tileSize: tile, minLevel: 0, maxLevel: top })
source.getLevelScale = (level) => levels[top - level].shape.at(-1) / wide
source.getTileUrl = (level, x, y) => `${level}/${x}/${y}`
source.downloadTileStart = (job) => {
  const { level, x, y } = job.tile
  picture(top - level, x, y).then((context) => job.finish(context, null, 'context2d'), (error) => job.fail(error.message, null))
}

const viewer = OpenSeadragon({
  element: stage, tileSources: source, prefixUrl: '', drawer: 'canvas', showNavigationControl: false, animationTime: 0,
})
viewer.addHandler('tile-invalidated', async (event) => {
  const { level, x, y } = event.tile
  const context = await picture(top - level, x, y)
  if (!event.outdated()) await event.setData(context, 'context2d')
})
viewer.addHandler('open', () => {
  const item = viewer.world.getItemAt(0)
  const told = () => { if (item.getFullyLoaded()) stage.classList.add('complete') }
  item.addHandler('fully-loaded-change', told)
  told()
})

window.peer = {
  window(c, low, high) {
    Object.assign(channels[c], { low, high })
    return viewer.requestInvalidate(true)
  },
  plane(next) {
    z = next
    return viewer.requestInvalidate(true)
  },
}
