// Where the time of an answer went, what it consumed, and the ids that lead to its trace.

import { seconds } from "./connect.js";
import { h } from "./dom.js";
import { duration, money, number, span } from "./time.js";
import { CAUSES, PURPOSES, STAGES, meaning } from "./words.js";

/**
 * Return the parts of a report.
 *
 * @param {any} report
 */
export function trace(report) {
  const stages = report.stages ?? [];
  const usage = report.usage ?? [];
  return h(
    "div",
    { class: "trace" },
    stages.length ? waterfall(report, stages) : h("p", {}, "No stage ran."),
    usage.length ? consumption(usage) : null,
    facts(report),
  );
}

/** @param {any} report @param {any[]} stages */
function waterfall(report, stages) {
  const ends = stages.map((stage) => time(stage.start) + time(stage.duration));
  const total = Math.max(time(report.total), ...ends, 1e-3);
  return h(
    "table",
    { class: "waterfall" },
    h("caption", {}, `${span(time(report.total))} in total`, began(report)),
    h("thead", {}, h("tr", {}, ["Stage", "", "Time", "Budget"].map((name) => h("th", { scope: "col" }, name || h("span", { class: "hidden" }, "Bar"))))),
    h("tbody", {}, stages.flatMap((stage) => rows(stage, stages, total))),
  );
}

/** @param {any} stage @param {any[]} stages @param {number} total */
function rows(stage, stages, total) {
  const again = stages.some((other) => other.stage === stage.stage && (other.attempt ?? 0) > 1);
  const name = meaning(STAGES, stage.stage, "STAGE_") + (again ? ` ${stage.attempt ?? 1}` : "");
  const failed = stage.cause && stage.cause !== "CAUSE_UNSPECIFIED";
  const bar = h("div", { class: failed ? "bar failed" : "bar" });
  bar.style.setProperty("--from", `${(100 * time(stage.start)) / total}%`);
  bar.style.setProperty("--length", `${(100 * time(stage.duration)) / total}%`);
  const why = failed && h("tr", { class: "why" }, h("td", { colspan: 4 }, `✕ ${name}: ${meaning(CAUSES, stage.cause, "CAUSE_")}`));
  const line = h(
    "tr",
    { class: failed ? "failed" : null },
    h("th", { scope: "row" }, name),
    h("td", { class: "bars", "aria-hidden": "true" }, bar),
    h("td", { class: "count" }, duration(stage.duration) || "0.0 ms"),
    h("td", { class: "count quiet" }, duration(stage.budget)),
  );
  return why ? [line, why] : [line];
}

/** @param {any} report */
function began(report) {
  return report.timeToFirstToken ? `, first token after ${duration(report.timeToFirstToken)}` : "";
}

/** @param {any[]} usage */
function consumption(usage) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Usage" },
    h(
      "table",
      { class: "plain" },
      h("caption", {}, "Usage"),
      h("thead", {}, h("tr", {}, ["Model", "For", "Input", "Output", "Cost"].map((name, index) => h("th", { scope: "col", class: index > 1 ? "count" : null }, name)))),
      h(
        "tbody",
        {},
        usage.map((each) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, each.model),
            h("td", {}, meaning(PURPOSES, each.purpose, "PURPOSE_")),
            h("td", { class: "count" }, number(each.inputTokens ?? 0)),
            h("td", { class: "count" }, `${number(each.outputTokens ?? 0)}${each.estimated ? " (estimated)" : ""}`),
            h("td", { class: "count" }, money(each.costMicros, each.currency) || "–"),
          ),
        ),
      ),
    ),
  );
}

/** @param {any} report */
function facts(report) {
  const prompt = [report.promptName, report.promptVersion].filter(Boolean).join(" ");
  /** @type {[string, string, boolean][]} */
  const rows = [
    ["Request", report.requestId ?? "", true],
    ["Trace", report.traceId ?? "", true],
    ["Route", report.route ?? "", false],
    ["Model", report.model ?? "", false],
    ["Attempts", String(report.attempts ?? ""), false],
    ["Prompt", prompt, false],
    ["Experiment", (report.experimentArm ?? "").replaceAll(",", ", "), false],
    ["Corpus", report.corpusVersion ?? "", true],
    ["Searched for", report.searchedQuestion ?? "", false],
  ];
  return h(
    "dl",
    { class: "facts" },
    rows
      .filter(([, value]) => value)
      .map(([name, value, copied]) => h("div", {}, h("dt", {}, name), h("dd", {}, copied ? copyable(name, value) : value))),
  );
}

/** @param {string} name @param {string} value */
export function copyable(name, value) {
  const button = h(
    "button",
    { type: "button", class: "quiet", "aria-label": `Copy the id: ${name.toLowerCase()}`, on: { click: () => copy(value, button) } },
    "Copy",
  );
  return h("span", { class: "copyable" }, h("code", {}, value), button);
}

/** @param {string} value @param {HTMLElement} button */
async function copy(value, button) {
  try {
    await navigator.clipboard.writeText(value);
    button.textContent = "Copied";
  } catch {
    // Without TLS a browser keeps the clipboard to itself: the text is selected, ready to be copied.
    const selection = getSelection();
    const code = button.previousElementSibling;
    if (selection && code) selection.selectAllChildren(code);
    button.textContent = "Selected";
  }
}

/** @param {string | undefined} value */
function time(value) {
  return seconds(value) ?? 0;
}
