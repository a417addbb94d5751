// What the tenant has consumed, by day and model, for operators.

import { fill, h } from "../lib/dom.js";
import { isAbort, sentenceOf } from "../lib/errors.js";
import { choice } from "../lib/forms.js";
import { moment, money, number } from "../lib/time.js";
import { chart } from "./chart.js";

const QUERY = "groundwire.v1.UsageService/QueryUsage";
const PAGES = 20;
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const DAY = 86_400_000;
const DAYS_SHOWN = 30;

/** @typedef {{name: string, of: (row: any) => number, format: (value: number) => string}} Measure */

/** Sums of usage as a chart and a table. */
export class UsageView {
  /** @type {AbortController | null} */
  #running = null;
  /** @type {any[]} */
  #rows = [];
  /** @type {any[]} */
  #books = [];
  #counted = "";

  /** @param {import("../lib/connect.js").Client} client */
  constructor(client) {
    this.client = client;
    this.measure = "tokens";
    const today = new Date();
    this.first = day("first", new Date(today.getTime() - (DAYS_SHOWN - 1) * DAY));
    this.last = day("last", today);
    this.measures = h("div", {});
    this.problem = h("p", { class: "problem", role: "alert" });
    this.shown = h("div", { class: "usage" });
    this.element = h(
      "div",
      { class: "usage" },
      h("h1", {}, "Usage"),
      h(
        "form",
        { on: { submit: (/** @type {Event} */ event) => this.#submit(event) } },
        h("label", {}, "First day (UTC)", this.first),
        h("label", {}, "Last day", this.last),
        h("button", { class: "primary" }, "Show"),
        this.measures,
      ),
      this.problem,
      this.shown,
    );
  }

  get keys() {
    return [];
  }

  async open() {
    await this.#read();
  }

  close() {
    this.#running?.abort();
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    this.#read();
  }

  async #read() {
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    fill(this.problem);
    try {
      /** @type {any[]} */
      const rows = [];
      let pageToken = "";
      for (let pages = 0; pages < PAGES; pages += 1) {
        const request = { firstDay: this.first.value, lastDay: this.last.value, groupBy: ["USAGE_DIMENSION_DAY", "USAGE_DIMENSION_MODEL"], pageToken };
        const page = await this.client.call(QUERY, request, { signal: running.signal, reads: true });
        rows.push(...(page.rows ?? []));
        this.#books = page.open ?? [];
        this.#counted = page.countedTime ?? "";
        pageToken = page.nextPageToken ?? "";
        if (!pageToken) break;
      }
      this.#rows = rows;
      this.#draw();
    } catch (wrong) {
      if (!isAbort(wrong)) fill(this.problem, sentenceOf(wrong));
    }
  }

  #draw() {
    const measures = this.#measures();
    const measure = measures.get(this.measure) ?? /** @type {Measure} */ (measures.get("tokens"));
    /** @type {[string, string][]} */
    const options = [...measures].map(([key, { name }]) => [key, name]);
    fill(this.measures, choice("Measure", options, this.measure, (value) => this.#choose(value)));
    if (!this.#rows.length) {
      fill(this.shown, h("p", { class: "quiet" }, "Nothing was consumed in these days."), this.#open());
      return;
    }
    const days = between(this.first.value, this.last.value);
    /** @type {Map<string, Map<string, number>>} */
    const series = new Map();
    for (const row of this.#rows) {
      const values = series.get(row.model ?? "") ?? new Map();
      values.set(row.day, (values.get(row.day) ?? 0) + measure.of(row));
      series.set(row.model ?? "", values);
    }
    fill(this.shown, chart(`${measure.name} by day and model`, days, series, measure.format), this.#open(), this.#table());
  }

  /** @param {string} measure */
  #choose(measure) {
    this.measure = measure;
    this.#draw();
    this.measures.querySelector("select")?.focus();
  }

  /** @returns {Map<string, Measure>} a measure of costs for each currency, as those are never added */
  #measures() {
    const currencies = [...new Set(this.#rows.map((row) => row.currency).filter(Boolean))].sort();
    const compact = (/** @type {number} */ value) => COMPACT.format(value);
    /** @type {[string, Measure][]} */
    const costs = currencies.map((currency) => [
      `cost ${currency}`,
      {
        name: `Cost in ${currency}`,
        of: (row) => (row.currency === currency ? Number(row.costMicros ?? 0) / 1e6 : 0),
        format: (value) => (value >= 100 ? compact(value) : String(Number(value.toPrecision(3)))),
      },
    ]);
    return new Map([
      ["tokens", { name: "Tokens", of: (row) => Number(row.inputTokens ?? 0) + Number(row.outputTokens ?? 0), format: compact }],
      ["calls", { name: "Calls", of: (row) => Number(row.calls ?? 0), format: compact }],
      ...costs,
    ]);
  }

  #open() {
    const counted = this.#counted ? h("p", { class: "quiet" }, `Counted until ${moment(this.#counted)}.`) : null;
    if (!this.#books.length) return counted;
    return h(
      "div",
      { class: "banner caution" },
      h("p", { class: "next" }, "Some of the latest usage may be missing."),
      this.#books.map((book) => h("p", {}, `Process ${book.process}: what it consumed after ${moment(book.writtenTime)} is missing${book.openCalls ? `, with ${book.openCalls} calls that were in progress` : ""}.`)),
    );
  }

  #table() {
    const heads = ["Day", "Model", "Calls", "Input tokens", "Cached", "Output tokens", "Cost"];
    return h(
      "div",
      { class: "card scroll", tabindex: "0", role: "region", "aria-label": "Table of usage" },
      h(
        "table",
        { class: "plain" },
        h("thead", {}, h("tr", {}, heads.map((name, index) => h("th", { scope: "col", class: index > 1 ? "count" : null }, name)))),
        h(
          "tbody",
          {},
          this.#rows.map((row) =>
            h(
              "tr",
              {},
              h("td", { class: "day" }, row.day),
              h("td", {}, row.model),
              [row.calls, row.inputTokens, row.cachedInputTokens, row.outputTokens].map((value) => h("td", { class: "count" }, number(Number(value ?? 0)))),
              h("td", { class: "count" }, money(row.costMicros, row.currency) || "–"),
            ),
          ),
        ),
      ),
    );
  }
}

/** @param {string} name @param {Date} at */
function day(name, at) {
  return /** @type {HTMLInputElement} */ (h("input", { type: "date", name, value: at.toISOString().slice(0, 10), required: true }));
}

/** @param {string} first @param {string} last @returns {string[]} the days from the first to the last */
function between(first, last) {
  const from = Date.parse(first);
  const count = Math.min(Math.floor((Date.parse(last) - from) / DAY) + 1, 400);
  return Array.from({ length: Math.max(count, 0) }, (_, index) => new Date(from + index * DAY).toISOString().slice(0, 10));
}
