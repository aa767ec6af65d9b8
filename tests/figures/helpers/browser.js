// The browser's side of browser.py: each function answers one question about the page that is shown.

const all = (selector, within = document) => [...within.querySelectorAll(selector)]
const isSeen = (element) => element.checkVisibility() && element.getBoundingClientRect().height > 0
const named = (element) => element.localName + (element.id ? "#" + element.id : "") +
  (element.className ? "." + element.className : "") + " " + element.textContent.trim().slice(0, 40)
const unfold = () => all("main details").forEach((details) => { details.open = true })

function fetched() {
  return performance.getEntriesByType("resource").map((entry) => entry.name).filter((name) => !name.startsWith("data:"))
}

function structureFaults() {
  const faults = []
  const ids = all("[id]").map((element) => element.id)
  ids.filter((id, i) => ids.indexOf(id) < i).forEach((id) => faults.push("not the only one with this id: " + id))
  for (const link of all("a")) {
    const target = link.getAttribute("href") ?? ""
    const isHere = target.startsWith("#") && document.getElementById(decodeURIComponent(target.slice(1)))
    const isFile = target.startsWith("data:") && link.download
    const isBeside = /^figures\/[\w.:-]+\.(png|svg|gif|mp4)$/.test(target)
    if (!isHere && !isFile && !isBeside) faults.push("leads nowhere: " + named(link))
    if (!link.textContent.trim()) faults.push("no words in a link to " + target.slice(0, 40))
  }
  for (const attribute of ["aria-labelledby", "aria-describedby", "for"]) {
    for (const element of all(`[${attribute}]`)) {
      if (!document.getElementById(element.getAttribute(attribute))) faults.push(`${attribute} of nothing: ` + named(element))
    }
  }
  const levels = all("h1, h2, h3, h4, h5, h6").map((heading) => Number(heading.localName[1]))
  levels.forEach((level, i) => { if (level > (levels[i - 1] ?? 0) + 1) faults.push(`a heading h${level} skips a level`) })
  if (levels.filter((level) => level === 1).length !== 1) faults.push("not one h1")
  if (!document.documentElement.lang) faults.push("no language")
  if (!document.title) faults.push("no title")
  for (const place of ["main", "nav"]) if (all(place).length !== 1) faults.push("not one " + place)
  return faults
}

async function pictureFaults() {
  const faults = []
  for (const image of all("img")) {
    image.loading = "eager"
    await image.decode().catch(() => {})
    const shape = image.getAttribute("width") / image.getAttribute("height")
    if (!image.naturalWidth) faults.push("no picture: " + image.alt)
    else if (!(Math.abs(shape / (image.naturalWidth / image.naturalHeight) - 1) < 0.01)) faults.push("no size: " + image.alt)
    if (!image.alt) faults.push("no words for " + image.src.slice(0, 40))
  }
  return faults
}

function formulaFaults() {
  unfold()
  return all("math").filter((math) => !isSeen(math) || math.getBoundingClientRect().width < 10).map(named)
}

function widthFaults() {
  unfold()
  const faults = []
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page is ${document.documentElement.scrollWidth} wide`)
  for (const element of all("body *")) {
    const overflow = getComputedStyle(element).overflowX
    if (overflow !== "auto" && overflow !== "scroll") continue
    if (element.scrollWidth <= element.clientWidth && element.scrollHeight <= element.clientHeight) continue
    const label = element.ariaLabel || document.getElementById(element.getAttribute("aria-labelledby"))
    const isRegion = element.tabIndex === 0 && element.getAttribute("role") === "region" && label
    const isReached = isRegion || (element.closest("nav") && all("a", element).length)
    if (!isReached) faults.push("scrolls, but not by keyboard or without a name: " + named(element))
  }
  return faults
}

function channels(colour) {
  const found = colour.match(/^rgba?\(([\d.]+), ([\d.]+), ([\d.]+)(?:, ([\d.]+))?\)$/)
  if (!found) throw Error("no colour: " + colour)
  return { rgb: found.slice(1, 4).map(Number), alpha: Number(found[4] ?? 1) }
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function backgroundOf(element) {
  for (let at = element; at; at = at.parentElement) {
    const { rgb, alpha } = channels(getComputedStyle(at).backgroundColor)
    if (alpha === 1) return rgb
    if (alpha > 0) throw Error("half transparent: " + named(at))
  }
  return [255, 255, 255]
}

function contrastFaults(least) {
  unfold()
  const faults = new Set()
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement
    if (!texts.currentNode.data.trim() || !isSeen(element)) continue
    const [low, high] = [channels(getComputedStyle(element).color).rgb, backgroundOf(element)].map(luminance).sort((a, b) => a - b)
    const contrast = (high + 0.05) / (low + 0.05)
    if (contrast < least) faults.add(`contrast ${contrast.toFixed(1)}: ${named(element)}`)
  }
  return [[...faults], String(backgroundOf(document.body))]
}

function focused() {
  const element = document.activeElement
  const isContents = element.closest("nav")
  const isSkip = element.matches("a[href^='#']") && element.compareDocumentPosition(document.querySelector("h1")) & 4
  const place = isSkip ? "skip" : isContents ? "contents" : element.closest("main") ? "main" : "page"
  const style = getComputedStyle(element)
  const box = element.getBoundingClientRect()
  const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && box.bottom > 0 && box.top < innerHeight
  return { place, outlined, text: named(element) }
}

const folded = () => all("main details").length
const focusFolded = (i) => all("main details")[i].querySelector("summary")?.focus()
const unfoldFaults = (i) => (all("main details")[i].open ? [] : ["does not unfold: " + named(all("main details")[i])])

const switches = () => all(".film input").length
const focusSwitch = (i) => all(".film input")[i].focus()

function filmFaults(moves) {
  const films = all("img.moving")
  const faults = films.filter((film) => film.checkVisibility() !== moves).map((film) => `${moves ? "still" : "moving"}: ${film.alt}`)
  const places = films.map((film) => film.closest("a"))
  places.filter((place) => all("img", place).filter((image) => image.checkVisibility()).length !== 1)
    .forEach((place) => faults.push("not one picture in the place of a film: " + named(place)))
  return faults
}

async function sizeFaults(least) {
  unfold()
  const faults = []
  for (const image of all("figure img").filter(isSeen)) {
    image.loading = "eager"
    await image.decode().catch(() => {})
    const source = image.parentElement.querySelector("source")
    const drawn = source && image.currentSrc === source.srcset ? source : image
    const scale = image.getBoundingClientRect().width / drawn.getAttribute("width")
    if (scale < least) faults.push(`letters are shown at ${scale.toFixed(2)} of their size: ${image.alt}`)
  }
  return faults
}

async function enlargeFaults() {
  const faults = []
  for (const place of all("figure .large").filter(isSeen)) {
    const image = all("img", place).find(isSeen)
    const before = image.getBoundingClientRect().width
    place.querySelector("a.enlarge").click()
    await new Promise((resolve) => setTimeout(resolve, 30))
    const box = place.getBoundingClientRect()
    if (box.width < document.documentElement.clientWidth || box.top !== 0) faults.push("does not fill the screen: " + image.alt)
    if (image.getBoundingClientRect().width <= before) faults.push("is not enlarged: " + image.alt)
    place.querySelector("a.close").click()
    await new Promise((resolve) => setTimeout(resolve, 30))
    if (image.getBoundingClientRect().width !== before) faults.push("stays enlarged: " + image.alt)
  }
  return faults
}

function paperFaults() {
  const faults = all(".part").filter((part) => getComputedStyle(part).breakBefore !== "page").map((part) => "begins no page: " + part.id)
  const pressed = all("nav, .skip, .download, .files, .film input, .close, .moving").filter(isSeen)
  return [...faults, ...pressed.map((element) => "cannot be pressed on paper: " + named(element))]
}
