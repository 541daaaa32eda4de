// The cloud map as MapLibre draws it: the regions of the list beside it as circles that gather while there is no room,
// over points and degrees of our own and, where the installation names a service, over its tiles. No boundary is drawn.
// Everything shown is read from the page. Until the map is there, and where it cannot be, the picture below it stays.

import { LngLatBounds, Map as Land, Marker, NavigationControl, Popup, ScaleControl, setWorkerUrl } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import "./map.css";

const LABEL = 13;
const dark = matchMedia("(prefers-color-scheme: dark)");
const fold = (parts, words) => Object.entries(words).reduce((text, [name, value]) => text.replace(`{${name}}`, value), parts);
const number = (value) => value.toLocaleString("en");
const point = (at) => at.split(" ").map(Number);

/** A link or another element with words in it. */
function element(tag, given, ...inside) {
  const made = Object.assign(document.createElement(tag), given);
  made.append(...inside);
  return made;
}

/** The regions of the list: where they lie, how much is there, where it leads. */
function regions(list) {
  const heads = [...list.tHead.rows[0].cells].slice(1).map((head) => head.textContent.trim());
  return [...list.tBodies[0].rows]
    .filter((row) => row.dataset.at)
    .map((row, id) => {
      const link = row.cells[0].querySelector("a");
      const counts = [...row.cells].slice(1).map((cell, place) => ({ name: heads[place], shown: cell.textContent.trim(), href: cell.querySelector("a")?.getAttribute("href") }));
      return { id, at: point(row.dataset.at), name: link.textContent.trim(), page: link.getAttribute("href"), down: row.dataset.down, total: Number(row.dataset.total), counts };
    });
}

/** The records that say where they are, from the list of them. */
function marks(list) {
  const rows = [...(list?.querySelectorAll("li[data-at]") ?? [])];
  return rows.map((row, id) => {
    const link = row.querySelector("a");
    return { id, at: point(row.dataset.at), title: link.textContent.trim(), href: link.getAttribute("href"), where: row.querySelector(".soft").textContent.trim() };
  });
}

const collection = (features) => ({ type: "FeatureCollection", features });

function circles(all) {
  const feature = ({ id, at, name, total }) => ({ type: "Feature", id, geometry: { type: "Point", coordinates: at }, properties: { id, name, total } });
  return collection(all.map(feature));
}

/** Lines of whole degrees, so that one sees where one is without any boundary. */
function degrees() {
  const line = (degree, coordinates) => ({ type: "Feature", geometry: { type: "LineString", coordinates }, properties: { near: degree % 5 !== 0 } });
  const lines = [];
  for (let east = 70; east <= 140; east += 1) lines.push(line(east, [[east, 0], [east, 60]]));
  for (let north = 0; north <= 60; north += 1) lines.push(line(north, [[70, north], [140, north]]));
  return collection(lines);
}

function style(frame, all, points, own) {
  const page = getComputedStyle(document.documentElement);
  const colour = (name) => page.getPropertyValue(name).trim();
  const family = getComputedStyle(frame).fontFamily;
  const most = Math.max(1, ...all.map((region) => region.total));
  // The area of a circle goes with its number.
  const radius = ["min", 44, ["+", 6, ["*", 26, ["sqrt", ["/", ["get", "total"], most]]]]];
  const tiles = frame.dataset.tiles ? JSON.parse(frame.dataset.tiles) : [];
  const sources = Object.fromEntries(tiles.map((layer, place) => [`tiles-${place}`, { type: "raster", tiles: layer, tileSize: 256, maxzoom: 18 }]));
  const land = tiles.map((_, place) => ({
    id: `tiles-${place}`,
    type: "raster",
    source: `tiles-${place}`,
    paint: dark.matches ? { "raster-brightness-min": 1, "raster-brightness-max": 0, "raster-hue-rotate": 180 } : {},
  }));
  const ground = tiles.length ? [] : [
    { id: "degrees", type: "line", source: "degrees", filter: ["!", ["get", "near"]], paint: { "line-color": colour("--line"), "line-width": 1 } },
    { id: "near-degrees", type: "line", source: "degrees", minzoom: 6, filter: ["get", "near"], paint: { "line-color": colour("--line"), "line-width": 0.7 } },
    { id: "points", type: "circle", source: "points", paint: { "circle-radius": ["interpolate", ["linear"], ["zoom"], 3, 1.5, 9, 3], "circle-color": colour("--strong-line"), "circle-opacity": 0.5 } },
  ];
  return {
    version: 8,
    sources: {
      ...sources,
      degrees: { type: "geojson", data: degrees() },
      points: { type: "geojson", data: collection(points.map((at) => ({ type: "Feature", geometry: { type: "Point", coordinates: at }, properties: {} }))) },
      marks: { type: "geojson", data: collection(own.map(({ id, at, title }) => ({ type: "Feature", id, geometry: { type: "Point", coordinates: at }, properties: { id, title } }))) },
      regions: { type: "geojson", data: circles(all), cluster: true, clusterRadius: 44, clusterMaxZoom: 9, clusterProperties: { total: ["+", ["get", "total"]] } },
    },
    layers: [
      { id: "ground", type: "background", paint: { "background-color": colour("--sheet") } },
      ...land,
      ...ground,
      {
        id: "circles",
        type: "circle",
        source: "regions",
        layout: { "circle-sort-key": ["-", 0, ["get", "total"]] },
        paint: {
          "circle-radius": radius,
          "circle-color": ["case", ["has", "point_count"], colour("--tone-1"), colour("--tone-2")],
          "circle-opacity": ["case", ["has", "point_count"], 0.75, 0.45],
          "circle-stroke-color": colour("--accent"),
          "circle-stroke-width": 1.5,
        },
      },
      {
        id: "marks",
        type: "circle",
        source: "marks",
        paint: {
          "circle-radius": ["interpolate", ["linear"], ["zoom"], 7, 3, 12, 6],
          "circle-color": colour("--accent"),
          "circle-stroke-color": colour("--sheet"),
          "circle-stroke-width": 1.5,
        },
      },
      {
        id: "titles",
        type: "symbol",
        source: "marks",
        minzoom: 11,
        layout: { "text-field": ["get", "title"], "text-font": [family], "text-size": LABEL, "text-variable-anchor": ["left", "right", "top", "bottom"], "text-radial-offset": 0.8, "text-justify": "auto", "text-padding": 3 },
        paint: { "text-color": colour("--ink"), "text-halo-color": colour("--sheet"), "text-halo-width": 2 },
      },
      {
        id: "names",
        type: "symbol",
        source: "regions",
        filter: ["!", ["has", "point_count"]],
        layout: {
          "text-field": ["get", "name"],
          "text-font": [family],
          "text-size": LABEL,
          "text-variable-anchor": ["left", "right", "top", "bottom"],
          "text-radial-offset": ["/", ["+", radius, 4], LABEL],
          "text-justify": "auto",
          "text-padding": 3,
          "symbol-sort-key": ["-", 0, ["get", "total"]],
        },
        paint: { "text-color": colour("--ink"), "text-halo-color": colour("--sheet"), "text-halo-width": 2 },
      },
      {
        id: "sums",
        type: "symbol",
        source: "regions",
        filter: ["has", "point_count"],
        layout: { "text-field": ["to-string", ["get", "total"]], "text-font": [family], "text-size": LABEL, "text-allow-overlap": true },
        paint: { "text-color": colour("--on-accent"), "text-halo-color": colour("--tone-1"), "text-halo-width": 1 },
      },
    ],
  };
}

/** What stands beside a circle that was chosen: its numbers with their lists, its newest records. */
function card(region, words) {
  const counts = region.counts.filter((count) => count.href).map((count) => element("li", {}, element("a", { href: count.href }, `${count.name} ${count.shown}`)));
  const newest = element("ul", { className: "map-newest" });
  const further = region.down && region.down !== region.page ? [element("p", {}, element("a", { href: region.down }, words.down))] : [];
  const title = element("h2", {}, element("a", { href: region.page }, region.name));
  return { newest, card: element("div", { className: "map-card" }, title, element("ul", {}, ...counts), newest, ...further) };
}

/** The newest records of a region, by the same addresses and rights as for programs. */
async function fill(place, region) {
  for (const { href } of region.counts.filter((count) => count.href)) {
    try {
      const answer = await fetch(`/api${href}&limit=3`, { headers: { accept: "application/json" } });
      if (!answer.ok) continue;
      const { records } = await answer.json();
      place.append(...records.map((record) => element("li", {}, element("a", { href: `/${record.kind}/${record.id}` }, record.title))));
    } catch {
      // The numbers above lead to the same records.
    }
  }
}

/** A map over the picture in `frame`. */
function draw(frame) {
  const words = JSON.parse(frame.dataset.words);
  const all = regions(document.querySelector("[data-map-list]"));
  const known = [...frame.querySelectorAll("circle[data-at]")].map((circle) => point(circle.dataset.at));
  const own = marks(document.querySelector("[data-map-marks]"));
  if (!all.length && !own.length) return;
  const seen = all.length ? all : own;
  const bounds = seen.reduce((bounds, region) => bounds.extend(region.at), new LngLatBounds());
  const place = element("div", { className: "map-live" });
  frame.append(place);
  setWorkerUrl(new URL(frame.dataset.worker, location.href).href);
  const map = new Land({
    container: place,
    style: style(frame, all, known, own),
    bounds,
    // Names stand right of their circles, as do the buttons for zooming.
    fitBoundsOptions: { padding: { top: 48, bottom: 48, left: 40, right: 80 }, maxZoom: 8.5 },
    minZoom: 2,
    maxZoom: frame.dataset.tiles ? 17 : own.length ? 15 : 11,
    renderWorldCopies: false,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    rollEnabled: false,
    cooperativeGestures: true,
    localIdeographFontFamily: getComputedStyle(frame).fontFamily,
    fadeDuration: 0,
    locale: {
      "Map.Title": words.title,
      "NavigationControl.ZoomIn": words.zoom_in,
      "NavigationControl.ZoomOut": words.zoom_out,
      "Popup.Close": words.close,
      "ScaleControl.Meters": words.metres,
      "ScaleControl.Kilometers": words.kilometres,
      "CooperativeGesturesHandler.WindowsHelpText": words.wheel,
      "CooperativeGesturesHandler.MacHelpText": words.wheel.replace("Ctrl", "⌘"),
      "CooperativeGesturesHandler.MobileHelpText": words.fingers,
    },
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl(), "bottom-left");
  dark.addEventListener("change", () => map.setStyle(style(frame, all, known, own)));
  map.once("idle", () => {
    const picture = frame.querySelector("svg");
    picture.inert = true;
    frame.classList.add("live");
  });
  map.on("idle", () => spots(map, all, words));
  map.on("mouseenter", "marks", () => (map.getCanvas().style.cursor = "pointer"));
  map.on("mouseleave", "marks", () => (map.getCanvas().style.cursor = ""));
  // The list below the map leads to the same records by keyboard.
  map.on("click", "marks", ({ features: [first] }) => tell(map, own[first.properties.id]));
}

/** One button on every circle in sight, the fullest first, for the keyboard and for those who hear the page. */
function spots(map, all, words) {
  const wanted = new Map(map.queryRenderedFeatures({ layers: ["circles"] }).map((feature) => [feature.properties.cluster_id === undefined ? `r${feature.properties.id}` : `c${feature.properties.cluster_id}`, feature]));
  map.spots ??= new Map();
  for (const [key, marker] of map.spots) {
    if (wanted.has(key)) continue;
    marker.remove();
    map.spots.delete(key);
  }
  const sorted = [...wanted].sort(([, a], [, b]) => b.properties.total - a.properties.total);
  for (const [key, feature] of sorted) {
    if (!map.spots.has(key)) map.spots.set(key, spot(map, feature, all, words));
  }
}

function spot(map, { properties, geometry }, all, words) {
  const gathered = properties.point_count;
  const at = geometry.coordinates;
  const made = element("button", { type: "button", className: "map-spot" });
  made.addEventListener("click", (event) => {
    event.stopPropagation();
    if (gathered) scatter(map, properties.cluster_id);
    else open(map, all[properties.id], words, made);
  });
  const marker = new Marker({ element: made }).setLngLat(at).addTo(map);
  const name = gathered ? fold(words.gathered, { n: number(gathered), total: number(properties.total) }) : `${properties.name} ${number(properties.total)}`;
  made.setAttribute("aria-label", name);
  made.title = name;
  return marker;
}

/** Goes so near that the gathered circles part. */
async function scatter(map, cluster) {
  const source = map.getSource("regions");
  const [parting, leaves] = await Promise.all([source.getClusterExpansionZoom(cluster), source.getClusterLeaves(cluster, Infinity, 0)]);
  const bounds = leaves.reduce((bounds, leaf) => bounds.extend(leaf.geometry.coordinates), new LngLatBounds());
  const { center, zoom } = map.cameraForBounds(bounds, { padding: 72, maxZoom: 10 });
  map.easeTo({ center, zoom: Math.max(zoom, parting) });
  map.getCanvas().focus({ preventScroll: true });
}

async function open(map, region, words, from) {
  const { card: shown, newest } = card(region, words);
  const anchor = map.project(region.at).y < map.getContainer().clientHeight / 2 ? "top" : "bottom";
  const popup = new Popup({ maxWidth: "17rem", anchor, offset: 8 }).setLngLat(region.at).setDOMContent(shown).addTo(map);
  popup.getElement().addEventListener("keydown", (event) => {
    if (event.key === "Escape") popup.remove();
  });
  popup.on("close", () => from.isConnected && from.focus());
  await fill(newest, region);
  if (popup.isOpen()) pull(map, popup);
}

/** What a record that lies here is called, and where that is. */
function tell(map, { at, title, href, where }) {
  const shown = element("div", { className: "map-card" }, element("h2", {}, element("a", { href }, title)), element("p", {}, where));
  pull(map, new Popup({ maxWidth: "17rem", offset: 8 }).setLngLat(at).setDOMContent(shown).addTo(map));
}

/** Moves the map until all of the card is in it. */
function pull(map, popup) {
  const MARGIN = 8;
  const [card, land] = [popup.getElement(), map.getContainer()].map((element) => element.getBoundingClientRect());
  const beyond = (low, high, least, most) => (low < least + MARGIN ? low - least - MARGIN : Math.max(0, high - most + MARGIN));
  map.panBy([beyond(card.left, card.right, land.left, land.right), beyond(card.top, card.bottom, land.top, land.bottom)]);
}

for (const frame of document.querySelectorAll("[data-live-map]")) {
  try {
    draw(frame);
  } catch (error) {
    // Without WebGL the picture is the map.
    frame.querySelector(".map-live")?.remove();
    console.info(error.message);
  }
}
