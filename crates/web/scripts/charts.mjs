// Tables that are marked as charts, drawn by ECharts in the room that the table takes up. What is drawn is read from
// the table, so both say the same; the table stays one button away, and is what is printed.
//
// <div data-plot="bars"> around a table lays bars, "columns" stands them up. A column whose head has `data-series` is
// drawn: as bars, or with the value "line" as a line on an axis of its own. Its cells hold the number in `data-value`.

import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, TitleComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { network } from "./network.mjs";

use([BarChart, LineChart, AriaComponent, GridComponent, LegendComponent, TitleComponent, TooltipComponent, CanvasRenderer]);

const words = JSON.parse(document.querySelector("[data-chart-words]")?.dataset.chartWords ?? "{}");
const locale = document.documentElement.lang.startsWith("zh") ? "ZH" : "EN";
const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const forced = matchMedia("(forced-colors: active)");

// What a picture for slides looks like, whatever the screen looks like.
const PAPER = { ink: "#16201e", soft: "#51605c", line: "#d9e0dd", sheet: "#ffffff", tones: ["#0b5b62", "#8b9a97", "#c7793a", "#7d6aa8"] };

// The share of the room that names may take up.
const NAMES = 0.38;
// Two colours alone would not tell two kinds of bars apart.
const STRIPES = { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: -Math.PI / 4, color: "rgba(0, 0, 0, 0.28)" };
// Rows that are read out; the table has them all.
const SPOKEN = 12;

/** The colours of the page as it is now. */
function screen() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const tones = ["--tone-1", "--tone-6", "--tone-3", "--tone-4"].map(colour);
  return { ink: colour("--ink"), soft: colour("--soft"), line: colour("--line"), sheet: colour("--sheet"), tones };
}

/** What a table says: its rows, and the columns that are drawn. */
function read(table) {
  const text = (cell) => (cell.dataset.shown ?? cell.textContent).trim().replace(/\s+/g, " ");
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...table.tBodies[0].rows].map((row) => ({ name: text(row.cells[0]), href: row.cells[0].querySelector("a")?.href, cells: [...row.cells] }));
  const series = heads.flatMap((head, at) =>
    head.dataset.series === undefined
      ? []
      : [{ name: head.dataset.unit ? `${text(head)} (${head.dataset.unit})` : text(head), line: head.dataset.series === "line", tone: Number(head.dataset.tone ?? 0), values: rows.map((row) => Number(row.cells[at].dataset.value)) }],
  );
  const said = heads.map((head, at) => [at, text(head)]).filter(([at, name]) => at > 0 && name && !heads[at].dataset.quiet);
  const spoken = rows.slice(0, SPOKEN).map((row, place) => `${row.name} ${series.map((column) => column.values[place].toLocaleString("en")).join(" / ")}`);
  const description = `${series.map((column) => column.name).join(" / ")}: ${spoken.join("; ")}${rows.length > SPOKEN ? " …" : ""}`;
  const tips = rows.map((row) => said.map(([at, name]) => `${name}  ${text(row.cells[at])}`).join("\n"));
  return { rows, series, tips, description };
}

function option({ rows, series, tips, description }, lying, colours, family, room) {
  const name = { color: colours.ink, fontFamily: family };
  const names = rows.map((row) => row.name);
  const one = series.length === 1;
  const lines = series.some((column) => column.line);
  const soft = { color: colours.soft, fontFamily: family };
  const category = {
    type: "category",
    data: names,
    inverse: lying,
    triggerEvent: false,
    axisTick: { show: false },
    axisLine: { show: !lying, lineStyle: { color: colours.line } },
    axisLabel: { ...name, width: lying ? room * NAMES : undefined, overflow: "truncate", interval: lying || names.length <= 12 ? 0 : "auto", hideOverlap: true },
  };
  const value = { type: "value", minInterval: 1, axisLabel: { ...soft, show: !lying, hideOverlap: true }, splitLine: { show: !lying, lineStyle: { color: colours.line } }, nameTextStyle: soft };
  const values = lines ? [value, { ...value, splitLine: { show: false } }] : [value];
  const drawn = series.map((column, place) => ({
    type: column.line ? "line" : "bar",
    name: column.name,
    data: column.values,
    [lying ? "xAxisIndex" : "yAxisIndex"]: lines && column.line ? 1 : 0,
    barMaxWidth: lying ? 18 : 40,
    barMinHeight: 1,
    barGap: "15%",
    barCategoryGap: one ? "35%" : "28%",
    symbolSize: 8,
    itemStyle: { color: colours.tones[column.tone], decal: column.tone === 1 ? STRIPES : undefined, borderRadius: column.line ? 0 : lying ? [0, 3, 3, 0] : [3, 3, 0, 0] },
    lineStyle: { color: colours.tones[column.tone], width: 2 },
    label: { show: lying && !column.line, position: "right", ...name, fontWeight: one && place === 0 ? 600 : 400, formatter: ({ value }) => value.toLocaleString("en") },
    emphasis: { itemStyle: { opacity: 0.8 } },
  }));
  return {
    animation: !still.matches,
    animationDuration: 300,
    textStyle: { fontFamily: family },
    aria: { enabled: true, label: { description } },
    grid: { left: lying ? 4 : 8, right: lying ? 64 : 8, top: one ? 0 : lying ? 36 : 52, bottom: lying ? 0 : 4, containLabel: true },
    legend: one ? { show: false } : { top: 0, left: 0, itemWidth: 16, itemHeight: 12, textStyle: name, inactiveColor: colours.line },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow", shadowStyle: { color: colours.line, opacity: 0.35 } },
      // The policy of the pages refuses styles within markup.
      renderMode: "richText",
      confine: true,
      backgroundColor: colours.sheet,
      borderColor: colours.line,
      textStyle: { ...name, fontSize: 13, lineHeight: 20 },
      formatter: (points) => `${names[points[0].dataIndex]}\n${tips[points[0].dataIndex]}`,
    },
    xAxis: lying ? values : category,
    yAxis: lying ? category : values,
    series: drawn,
  };
}

/** The chart as a picture with its title, for slides. */
function picture(title, data, lying, family) {
  const place = document.createElement("div");
  const height = lying ? 120 + Math.max(1, data.series.length) * 28 * data.rows.length : 480;
  const chart = init(place, null, { renderer: "canvas", width: 800, height, devicePixelRatio: 2, locale });
  const drawn = option(data, lying, PAPER, family, 800);
  const top = data.series.length > 1 ? 96 : 64;
  chart.setOption({
    ...drawn,
    animation: false,
    backgroundColor: "#fff",
    title: { text: title, left: 20, top: 18, textStyle: { color: PAPER.ink, fontFamily: family } },
    legend: { ...drawn.legend, top: 56, left: 20 },
    grid: { ...drawn.grid, left: 20, right: 72, top, bottom: 24 },
  });
  chart.renderToCanvas({ pixelRatio: 2, backgroundColor: "#fff" }).toBlob((blob) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: "duijie.png" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    chart.dispose();
  });
}

function button(name, press) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: name });
  made.addEventListener("click", press);
  return made;
}

function draw(frame) {
  const table = frame.querySelector("table");
  const data = read(table);
  if (!data.rows.length || !data.series.length) return;
  const lying = frame.dataset.plot !== "columns";
  const title = frame.closest("section").querySelector("h2, h3").textContent.trim();
  const family = getComputedStyle(frame).fontFamily;
  const place = Object.assign(document.createElement("div"), { className: "plotted" });
  place.setAttribute("role", "img");
  frame.append(place);
  const chart = init(place, null, { renderer: "canvas", locale });
  const paint = () => {
    const drawn = option(data, lying, screen(), family, place.clientWidth);
    drawn.title = { show: false, text: title };
    chart.setOption(drawn, { notMerge: true });
  };
  dark.addEventListener("change", paint);
  new ResizeObserver(() => {
    // On paper it has no size.
    if (!place.clientWidth) return;
    chart.resize();
    paint();
  }).observe(place);
  chart.on("click", ({ dataIndex }) => data.rows[dataIndex]?.href && location.assign(data.rows[dataIndex].href));

  const show = (drawn) => {
    frame.classList.toggle("drawn", drawn);
    toggle.textContent = drawn ? words.table : words.chart;
    toggle.setAttribute("aria-label", `${toggle.textContent} ${title}`);
  };
  const toggle = button("", () => show(!frame.classList.contains("drawn")));
  const png = button("PNG", () => picture(title, data, lying, family));
  png.setAttribute("aria-label", `PNG ${title}`);
  const take = frame.parentElement.querySelector(".chart-take");
  take?.prepend(toggle, " ", png, " ");
  show(!forced.matches);
}

// Each is drawn when it is about to be seen.
const seen = new IntersectionObserver(
  (entries) => {
    for (const entry of entries.filter((entry) => entry.isIntersecting)) {
      seen.unobserve(entry.target);
      draw(entry.target);
    }
  },
  { rootMargin: "400px" },
);
for (const frame of document.querySelectorAll("[data-plot]")) seen.observe(frame);

// Fingers move the page, and scroll the picture of the server.
if (matchMedia("(hover: hover) and (pointer: fine)").matches && !forced.matches) {
  for (const frame of document.querySelectorAll("[data-network]")) network(frame);
}
