// What is seen, as a PNG: the pixels with their channels and overlays, a scale bar, and a line that says what it is.

import { save } from './dom.js'
import { line } from './viewer-cite.js'
import { drawn, scaleBar } from './viewer-state.js'

/** @typedef {import('./viewer-stage.js').Stage} Stage */

const PAINT = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-linecap', 'stroke-linejoin', 'stroke-dasharray', 'opacity', 'display', 'visibility', 'font', 'text-anchor']

/** An SVG element as it looks now, free of the page's style sheet. @param {SVGElement} element @param {number} width @param {number} height @returns {Promise<HTMLImageElement>} */
async function drawing(element, width, height) {
  const copy = /** @type {SVGElement} */ (element.cloneNode(true))
  const [from, to] = [[element, ...element.querySelectorAll('*')], [copy, ...copy.querySelectorAll('*')]]
  from.forEach((node, i) => {
    const style = getComputedStyle(node)
    for (const name of PAINT) to[i].setAttribute(name === 'font' ? 'data-font' : name, style.getPropertyValue(name))
    to[i].removeAttribute('class')
    to[i].removeAttribute('style')
  })
  for (const [name, value] of [['xmlns', 'http://www.w3.org/2000/svg'], ['width', width], ['height', height]]) copy.setAttribute(String(name), String(value))
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`
  await image.decode()
  return image
}

/** Words broken into lines of at most a width. @param {CanvasRenderingContext2D} context @param {string} text @param {number} width */
function lines(context, text, width) {
  const found = ['']
  // An address has no spaces: it may break after its marks.
  for (const word of text.split(/(?<=[\s/&,])/)) {
    const last = found.length - 1
    if (found[last] && context.measureText(found[last] + word).width > width) found.push(word)
    else found[last] += word
  }
  return found
}

/** The picture of a view. @param {Stage} stage @returns {Promise<HTMLCanvasElement>} */
export async function picture(stage) {
  const source = /** @type {HTMLCanvasElement} */ (stage.viewer.drawer.canvas)
  const box = stage.stage.getBoundingClientRect()
  const ratio = source.width / box.width // device pixels a pixel of the page
  const size = 12 * ratio
  const pad = 10 * ratio
  const canvas = document.createElement('canvas')
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
  const font = `${size}px system-ui, sans-serif`
  context.font = font
  const said = lines(context, line(stage), source.width - 2 * pad)
  const where = lines(context, stage.link(true), source.width - 2 * pad)
  const on = drawn(stage.view)
  const channels = stage.info.channels.flatMap((c, i) => (on[i] ? [{ name: c.name, colour: stage.view.grey || stage.view.channels[i].lut ? '#9aa4af' : stage.view.channels[i].colour }] : []))
  const rows = said.length + where.length + (channels.length ? 1 : 0)
  canvas.width = source.width
  canvas.height = source.height + Math.ceil(rows * size * 1.5 + 1.5 * pad)
  const bright = stage.info.brightfield
  context.fillStyle = bright ? '#fff' : '#000'
  context.fillRect(0, 0, canvas.width, source.height)
  context.drawImage(source, 0, 0)
  await overlays(context, stage, ratio)
  if (stage.info.pixel_size) bar(context, stage, ratio, source.height, bright ? '#1b1f23' : '#fff')
  context.fillStyle = '#fff'
  context.fillRect(0, source.height, canvas.width, canvas.height - source.height)
  context.font = font
  context.textBaseline = 'top'
  let y = source.height + pad
  let x = pad
  for (const { name, colour } of channels) {
    context.fillStyle = colour
    context.fillRect(x, y + size * 0.1, size, size)
    context.fillStyle = '#1b1f23'
    context.fillText(name, x + size * 1.4, y)
    x += size * 1.4 + context.measureText(name).width + 2 * size
  }
  if (channels.length) y += size * 1.5
  said.forEach((text, i) => context.fillText(text, pad, y + i * size * 1.5))
  context.fillStyle = '#57606a'
  where.forEach((text, i) => context.fillText(text, pad, y + (said.length + i) * size * 1.5))
  return canvas
}

/** What lies over the pixels, turned as its layer is. @param {CanvasRenderingContext2D} context @param {Stage} stage @param {number} ratio */
async function overlays(context, stage, ratio) {
  const { width, height } = stage.stage.getBoundingClientRect()
  const { rotation, flip } = stage.view
  context.save()
  context.scale(ratio, ratio)
  context.translate(width / 2, height / 2)
  if (flip) context.scale(-1, 1)
  context.rotate((rotation * Math.PI) / 180)
  context.translate(-width / 2, -height / 2)
  for (const element of stage.overlays?.elements ?? []) {
    const style = getComputedStyle(element)
    if (style.display === 'none') continue
    context.globalAlpha = Number(style.opacity)
    if (element instanceof HTMLCanvasElement) context.drawImage(element, element.offsetLeft, element.offsetTop, element.offsetWidth, element.offsetHeight)
    else if (element instanceof SVGElement) context.drawImage(await drawing(element, width, height), 0, 0, width, height)
  }
  context.restore()
}

/** @param {CanvasRenderingContext2D} context @param {Stage} stage @param {number} ratio @param {number} bottom @param {string} colour */
function bar(context, stage, ratio, bottom, colour) {
  const { pixels, text } = scaleBar(Number(stage.info.pixel_size) / stage.scaleNow(), 140)
  const [x, y] = [16 * ratio, bottom - 16 * ratio]
  context.save()
  context.shadowColor = stage.info.brightfield ? '#fff' : '#000'
  context.shadowBlur = 4 * ratio
  context.fillStyle = colour
  context.fillRect(x, y - 3 * ratio, pixels * ratio, 3 * ratio)
  context.font = `600 ${13 * ratio}px system-ui, sans-serif`
  context.textBaseline = 'bottom'
  context.fillText(text, x, y - 5 * ratio)
  context.restore()
}

/** Hands the reader the picture, when its tiles are here or five seconds have passed. @param {Stage} stage */
export async function savePicture(stage) {
  for (let i = 0; i < 50 && !stage.tiledImage?.getFullyLoaded(); i++) await new Promise((done) => setTimeout(done, 100))
  const canvas = await picture(stage)
  const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'))
  if (blob) save(blob, `${stage.image.name.replace(/[^\p{L}\p{N}._-]+/gu, '_').slice(0, 80) || 'view'}.png`)
}
