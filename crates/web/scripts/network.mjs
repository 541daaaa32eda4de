// The picture of who works with whom, to be moved and looked at closer: pointing at a record says its name and shows
// what it is tied to. Places, names and colours are those of the picture that the server drew, which stays for fingers,
// paper and the keyboard's table.

import { GraphChart } from "echarts/charts";
import { AriaComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([GraphChart, AriaComponent, TooltipComponent, CanvasRenderer]);

const CLOSER = 1.5;
const dark = matchMedia("(prefers-color-scheme: dark)");
const place = (circle) => [Number(circle.getAttribute("cx")), Number(circle.getAttribute("cy"))];

/** Records and ties as the picture has them. */
function read(picture) {
  const looked = picture.classList.contains("looked");
  const at = new Map();
  const nodes = [];
  const links = [];
  const add = (circle, more) => {
    const [x, y] = place(circle);
    at.set(`${x} ${y}`, nodes.length);
    const hit = circle.matches(".hit, .hit *");
    nodes.push({ x, y, symbolSize: 2 * circle.getAttribute("r"), itemStyle: { color: getComputedStyle(circle).fill, opacity: looked && !hit ? 0.3 : 1 }, ...more });
    return nodes.length - 1;
  };
  for (const cluster of picture.querySelectorAll("[data-cluster]")) {
    const link = cluster.querySelector("a");
    const label = link.querySelector("text")?.textContent;
    const hub = add(link.querySelector("circle"), { name: link.querySelector("title").textContent, href: link.href.baseVal, label: { show: Boolean(label), formatter: label } });
    for (const point of cluster.querySelectorAll(":scope > g > circle")) links.push({ source: hub, target: add(point, { name: point.textContent }) });
  }
  for (const line of picture.querySelectorAll("line")) {
    const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map((name) => Number(line.getAttribute(name)));
    links.push({ source: at.get(`${x1} ${y1}`), target: at.get(`${x2} ${y2}`) });
  }
  // Names may stand more than once; ties go by number.
  return { nodes: nodes.map((node, id) => ({ ...node, id: String(id) })), links: links.map(({ source, target }) => ({ source: String(source), target: String(target) })) };
}

function option({ nodes, links }, family, title) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const text = { color: colour("--ink"), fontFamily: family };
  return {
    animation: false,
    aria: { enabled: true, label: { description: title } },
    tooltip: { renderMode: "richText", confine: true, backgroundColor: colour("--sheet"), borderColor: colour("--line"), textStyle: text, formatter: ({ dataType, name }) => (dataType === "node" ? name : "") },
    series: {
      type: "graph",
      layout: "none",
      roam: "move",
      scaleLimit: { min: 1, max: 12 },
      nodeScaleRatio: 0.6,
      left: 8,
      right: 8,
      top: 8,
      bottom: 8,
      data: nodes,
      links,
      lineStyle: { color: colour("--strong-line"), opacity: 0.35, width: 1 },
      label: { position: "bottom", ...text, textBorderColor: colour("--sheet"), textBorderWidth: 3 },
      labelLayout: { hideOverlap: true },
      emphasis: { focus: "adjacency", label: { show: true }, lineStyle: { opacity: 1, width: 2, color: colour("--accent") } },
      blur: { itemStyle: { opacity: 0.15 }, lineStyle: { opacity: 0.05 } },
    },
  };
}

/** Draws over the picture in `frame`. */
export function network(frame) {
  const picture = frame.querySelector("svg");
  const family = getComputedStyle(frame).fontFamily;
  const over = Object.assign(document.createElement("div"), { className: "plotted" });
  over.setAttribute("role", "img");
  frame.append(over);
  const chart = init(over, null, { renderer: "canvas" });
  const paint = () => chart.setOption(option(read(picture), family, picture.getAttribute("aria-label")), { notMerge: true });
  dark.addEventListener("change", paint);
  // On paper it has no size.
  new ResizeObserver(() => over.clientWidth && chart.resize()).observe(over);
  paint();
  chart.on("click", ({ data }) => data.href && location.assign(data.href));
  const closer = (zoom) => chart.dispatchAction({ type: "graphRoam", seriesIndex: 0, zoom, originX: over.clientWidth / 2, originY: over.clientHeight / 2 });
  const words = JSON.parse(frame.dataset.words);
  const buttons = Object.assign(document.createElement("div"), { className: "closer" });
  for (const [sign, name, zoom] of [["+", words.zoom_in, CLOSER], ["−", words.zoom_out, 1 / CLOSER]]) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet", textContent: sign, title: name });
    button.setAttribute("aria-label", name);
    button.addEventListener("click", () => closer(zoom));
    buttons.append(button);
  }
  frame.append(buttons);
  frame.classList.add("drawn");
}
