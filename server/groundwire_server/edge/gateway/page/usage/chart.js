// Bars of days, one on another by series, with a scale of round numbers.

import { h, svg } from "../lib/dom.js";

const WIDTH = 960;
const HEIGHT = 260;
const LEFT = 64;
const BOTTOM = 26;
const TOP = 10;
const TICKS = 4;
const COLOURS = 5;

/**
 * Return a chart. Series beyond the colours there are become one.
 *
 * @param {string} title
 * @param {string[]} days
 * @param {Map<string, Map<string, number>>} series values by day, by the series' names
 * @param {(value: number) => string} format
 */
export function chart(title, days, series, format) {
  const named = few(series);
  const totals = days.map((day) => [...named.values()].reduce((sum, values) => sum + (values.get(day) ?? 0), 0));
  const top = round(Math.max(...totals, 1e-9));
  const step = (WIDTH - LEFT) / Math.max(days.length, 1);
  const y = (/** @type {number} */ value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const lines = Array.from({ length: TICKS + 1 }, (_, index) => (top * index) / TICKS).flatMap((value) => [
    svg("line", { x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }),
    svg("text", { x: LEFT - 8, y: y(value) + 4, "text-anchor": "end" }, format(value)),
  ]);
  const bars = days.flatMap((day, place) => stack(day, LEFT + place * step, step, named, y, format));
  const every = Math.ceil(days.length / 10);
  const names = days.map((day, place) =>
    place % every ? null : svg("text", { x: LEFT + (place + 0.5) * step, y: HEIGHT - 8, "text-anchor": "middle" }, day.slice(5)),
  );
  return h(
    "figure",
    { class: "chart card" },
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title },
      svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": `${title}. The table below has its numbers.` }, ...lines, ...bars, ...names)),
    h("ul", { class: "legend" }, [...named.keys()].map((name, index) => h("li", {}, h("span", { class: `series-${index}`, "aria-hidden": "true" }), name))),
  );
}

/**
 * @param {string} day
 * @param {number} x
 * @param {number} step
 * @param {Map<string, Map<string, number>>} series
 * @param {(value: number) => number} y
 * @param {(value: number) => string} format
 */
function stack(day, x, step, series, y, format) {
  let below = 0;
  return [...series].map(([name, values], index) => {
    const value = values.get(day) ?? 0;
    const bar = svg(
      "rect",
      { x: x + step * 0.15, width: step * 0.7, y: y(below + value), height: Math.max(y(below) - y(below + value), 0), class: `series-${index}` },
      svg("title", {}, `${day}, ${name}: ${format(value)}`),
    );
    below += value;
    return bar;
  });
}

/** @param {Map<string, Map<string, number>>} series @returns {Map<string, Map<string, number>>} */
function few(series) {
  const sorted = [...series].sort(([, one], [, other]) => sum(other) - sum(one));
  if (sorted.length <= COLOURS) return new Map(sorted);
  const rest = new Map();
  for (const [, values] of sorted.slice(COLOURS - 1)) for (const [day, value] of values) rest.set(day, (rest.get(day) ?? 0) + value);
  return new Map([...sorted.slice(0, COLOURS - 1), ["others", rest]]);
}

/** @param {Map<string, number>} values */
function sum(values) {
  return [...values.values()].reduce((total, value) => total + value, 0);
}

/** @param {number} value @returns {number} the next round number, which four divides */
function round(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 8, 10].find((each) => each * power >= value) ?? 10) * power;
}
