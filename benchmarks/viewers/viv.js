// Viv's layer in deck.gl over an OME-Zarr that Viv reads. The least that shows four channels: no React, no overview, no coarse
// picture behind the tiles.

import { Deck, OrthographicView } from '@deck.gl/core'
import { MultiscaleImageLayer } from '@vivjs/layers'
import { loadOmeZarr } from '@vivjs/loaders'

import { channelsOf, height, source, stage, width } from './asked.js'

const { data: loader, metadata: { omero } } = await loadOmeZarr(source, { type: 'multiscales' })
const channels = channelsOf(omero)
const [tall, wide] = loader[0].shape.slice(-2)
const view = new OrthographicView({ id: 'picture', controller: true })
const target = [wide / 2, tall / 2, 0]
// Kept as it is while the plane is the same: Viv fetches all tiles again where it is another object.
let selections = channels.map((_, c) => ({ t: 0, c, z: 0 }))

const layers = () => [new MultiscaleImageLayer({
  id: 'image', loader, selections, excludeBackground: true,
  contrastLimits: channels.map(({ low, high }) => [low, high]),
  channelsVisible: channels.map(() => true),
  colors: channels.map(({ rgb }) => rgb),
  onViewportLoad: () => stage.classList.add('complete'),
})]

const deck = new Deck({
  parent: stage, width, height, views: [view],
  initialViewState: { picture: { target, zoom: Math.log2(Math.min(width / wide, height / tall)) } },
  layers: layers(),
})

window.peer = {
  window(c, low, high) {
    Object.assign(channels[c], { low, high })
    deck.setProps({ layers: layers() })
  },
  plane(z) {
    selections = channels.map((_, c) => ({ t: 0, c, z }))
    deck.setProps({ layers: layers() })
  },
}
