// A checked text: its sentences with their verdicts, its citations, and the words at fault.

import { h } from "./dom.js";
import { markOf, pieces, slice } from "./text.js";
import { badge } from "./verdicts.js";
import { CONFLICTS, meaning } from "./words.js";

/**
 * @typedef {object} Shown
 * @property {(citation: any) => number} rankOf the place of a citation's passage in the evidence, from 1; 0 for none
 * @property {(citation: any, button: HTMLElement) => void} open shows the passage of a citation
 */

/**
 * Return a text with a badge after each sentence and a button for each citation.
 *
 * @param {any} answer a GroundedText
 * @param {Shown} shown
 */
export function prose(answer, shown) {
  const text = answer.text ?? "";
  const sentences = answer.sentences ?? [];
  const children = [];
  let at = 0;
  for (const sentence of sentences) {
    const start = sentence.span?.startUtf16Unit ?? 0;
    children.push(text.slice(at, start), sentenceOf(answer, sentence, shown));
    at = sentence.span?.endUtf16Unit ?? 0;
  }
  children.push(text.slice(at));
  return h("div", { class: "prose" }, ...children);
}

/**
 * Return the words of a sentence, with those at fault and what a guard has masked marked.
 *
 * @param {any} answer
 * @param {any} sentence
 */
export function words(answer, sentence) {
  const marks = [
    ...(sentence.conflicts ?? []).map((/** @type {any} */ conflict) => markOf(conflict.span, "fault", conflictWords(conflict))),
    ...(answer.masks ?? []).map((/** @type {any} */ mask) => markOf(mask.span, "mask", `A guard has masked: ${mask.category}`)),
  ];
  const start = sentence.span?.startUtf16Unit ?? 0;
  return pieces(answer.text ?? "", marks, start, sentence.span?.endUtf16Unit ?? 0).map(marked);
}

/** @param {any} conflict @returns {string} the rule that objects, as the beginning of a sentence */
export function conflictWords(conflict) {
  return meaning(CONFLICTS, conflict.kind, "KIND_");
}

/**
 * Return a conflict as a sentence: what the answer says, and what the passage says.
 *
 * @param {string} text of the answer
 * @param {any} conflict
 * @param {string} source names the passage; empty where none says anything about it
 */
export function conflictLine(text, conflict, source) {
  const said = slice(text, conflict.span);
  const found = [`${conflictWords(conflict)}: `, h("q", { class: "fault" }, said)];
  if (!conflict.chunkId) return h("li", {}, ...found, " is in no passage.");
  if (!conflict.passageWords) return h("li", {}, ...found, ` departs from ${source}.`);
  return h("li", {}, ...found, ` – ${source} says `, h("q", { class: "quoted" }, conflict.passageWords), ".");
}

/**
 * Return a piece of a text in its marks.
 *
 * @param {{text: string, marks: {kind: string, title?: string}[]}} piece
 * @returns {Node | string}
 */
export function marked({ text, marks }) {
  if (!marks.length) return text;
  const title = marks.map((mark) => mark.title).filter(Boolean).join("; ");
  return h("mark", { class: [...new Set(marks.map((mark) => mark.kind))].join(" "), title: title || null }, text);
}

/**
 * Return a citation as a button.
 *
 * @param {any} citation
 * @param {Shown} shown
 */
export function citationButton(citation, shown) {
  const rank = shown.rankOf(citation);
  const name = rank ? `passage ${rank}` : "the cited passage";
  const title = citation.title ? `: ${citation.title}` : "";
  const button = h(
    "button",
    { type: "button", class: "cite", "aria-label": `Show ${name}${title}`, on: { click: () => shown.open(citation, button) } },
    rank || "•",
  );
  return button;
}

/** @param {any} answer @param {any} sentence @param {Shown} shown */
function sentenceOf(answer, sentence, shown) {
  const cited = (sentence.citationIndexes ?? []).map((/** @type {number} */ index) => answer.citations?.[index]).filter(Boolean);
  const distinct = cited.filter(
    (/** @type {any} */ citation, /** @type {number} */ index) =>
      cited.findIndex((/** @type {any} */ other) => other.chunkId === citation.chunkId && other.quote === citation.quote) === index,
  );
  return h(
    "span",
    { class: "sentence" },
    h("bdi", {}, ...words(answer, sentence)),
    "\u2060",
    ...distinct.map((/** @type {any} */ citation) => citationButton(citation, shown)),
    " ",
    badge(sentence.verdict),
    " ",
  );
}
