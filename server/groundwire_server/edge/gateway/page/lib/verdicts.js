// Verdicts as badges: a shape and a word, so that nothing depends on colours.

import { h } from "./dom.js";
import { VERDICTS, word } from "./words.js";

/** The order of claims from the strongest to the weakest. */
const ORDER = ["VERBATIM", "ENTAILED", "CONSISTENT", "UNSUPPORTED", "CONTRADICTED"];

/**
 * Return a badge.
 *
 * @param {string | undefined} verdict of the contract; one that this page does not know counts as not supported
 */
export function badge(verdict) {
  const name = known(verdict);
  const { shape, name: said, meaning } = VERDICTS[name];
  return h(
    "span",
    { class: "badge", title: meaning, data: { verdict: name } },
    h("span", { class: "shape", "aria-hidden": "true" }, shape),
    said,
  );
}

/** @param {string | undefined} verdict @returns {string} without its prefix */
export function known(verdict) {
  const name = word(verdict, "VERDICT_");
  return Object.hasOwn(VERDICTS, name) ? name : "UNSUPPORTED";
}

/** @param {{verdict?: string}[]} sentences @returns {string} how many have each verdict, in words */
export function counted(sentences) {
  const names = sentences.map((sentence) => known(sentence.verdict));
  const said = [...ORDER, "NOT_A_CLAIM"]
    .map((name) => ({ name, count: names.filter((each) => each === name).length }))
    .filter(({ count }) => count)
    .map(({ name, count }) => `${count} ${VERDICTS[name].name.toLowerCase()}`);
  return said.join(", ");
}
