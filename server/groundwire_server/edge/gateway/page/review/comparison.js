// A draft sentence by sentence, each beside the passages that it rests on or departs from.

import { h } from "../lib/dom.js";
import { excerpt, nameOf, withheldCard } from "../lib/passages.js";
import { conflictLine, conflictWords, words } from "../lib/sentences.js";
import { badge } from "../lib/verdicts.js";

/**
 * Return a text, sentence by sentence.
 *
 * @param {any} answer a GroundedText
 * @param {Evidence} evidence
 * @param {{below?: number[], blind?: boolean, wrong?: Set<number> | null, seen?: number[]}} options `wrong` holds the
 *   sentences that the reviewer finds wrong; null where none can be chosen
 */
export function comparison(answer, evidence, { below = [], blind = false, wrong = null, seen = [] } = {}) {
  const sentences = answer.sentences ?? [];
  return h(
    "ol",
    { class: "comparison" },
    sentences.map((/** @type {any} */ sentence, /** @type {number} */ index) =>
      h(
        "li",
        { class: ["pair", below.includes(index) ? "below" : "", blind ? "alone" : ""].join(" ").trim() },
        h(
          "div",
          { class: "claim" },
          h("p", { class: "said" }, ...words(answer, sentence)),
          h(
            "div",
            { class: "row" },
            blind ? null : badge(sentence.verdict),
            below.includes(index) ? h("span", { class: "short" }, "Falls short of what the route lets leave") : null,
          ),
          conflicts(answer, sentence, evidence),
          seen.includes(index) ? h("p", { class: "why" }, "A reviewer found this sentence wrong.") : null,
          wrong && choose(wrong, index),
        ),
        blind ? null : h("div", { class: "rests" }, ...evidence.beside(answer, sentence)),
      ),
    ),
  );
}

/** The passages of a review, those withheld among them. */
export class Evidence {
  /** @param {any} review */
  constructor(review) {
    /** @type {any[]} */
    this.passages = review.passages ?? [];
    const hidden = new Map((review.withheld ?? []).map((/** @type {any} */ each) => [each.chunkId, each.rank ?? 0]));
    /** The ranks of withheld passages by their ids. @type {Map<string, number>} */
    this.withheld = hidden;
    const taken = new Set(hidden.values());
    /** @type {Map<string, number>} */
    this.ranks = new Map();
    let rank = 0;
    for (const passage of this.passages) {
      do rank += 1;
      while (taken.has(rank));
      this.ranks.set(passage.chunkId, rank);
    }
  }

  /** @param {string} chunk @returns {number} its place in the evidence, from 1; 0 for none */
  rankOf(chunk) {
    return this.ranks.get(chunk) ?? this.withheld.get(chunk) ?? 0;
  }

  /** @param {string} chunk @returns {any} the passage; undefined where it is withheld or unknown */
  passageOf(chunk) {
    return this.passages.find((each) => each.chunkId === chunk);
  }

  /** @param {string} chunk @returns {string} what to call it in a sentence */
  nameOf(chunk) {
    const passage = this.passageOf(chunk);
    if (passage) return nameOf(passage, this.rankOf(chunk));
    return this.withheld.has(chunk) ? `passage ${this.rankOf(chunk)} (withheld from you)` : "a passage";
  }

  /**
   * Return the passages beside a sentence, with the words that carry it or depart from it marked.
   *
   * @param {any} answer
   * @param {any} sentence
   * @returns {Node[]}
   */
  beside(answer, sentence) {
    /** @type {Map<string, import("../lib/passages.js").Sought[]>} */
    const sought = new Map();
    const add = (/** @type {string} */ chunk, /** @type {any} */ words) => sought.set(chunk, [...(sought.get(chunk) ?? []), words]);
    for (const conflict of sentence.conflicts ?? []) {
      if (conflict.chunkId) add(conflict.chunkId, { words: conflict.passageWords, kind: "against", title: conflictWords(conflict) });
    }
    for (const index of sentence.citationIndexes ?? []) {
      const citation = answer.citations?.[index];
      if (citation) add(citation.chunkId, { words: citation.quote, kind: "quoted" });
    }
    if (!sought.size) return [h("p", { class: "quiet" }, "No passage is cited for this sentence.")];
    return [...sought].map(([chunk, words]) => {
      const passage = this.passageOf(chunk);
      return passage ? excerpt(passage, this.rankOf(chunk), words) : withheldCard(this.rankOf(chunk));
    });
  }

  /** All passages in their order. @returns {Node[]} */
  all() {
    const shown = this.passages.map((passage) => ({ rank: this.rankOf(passage.chunkId), node: excerpt(passage, this.rankOf(passage.chunkId), []) }));
    const hidden = [...this.withheld.values()].map((rank) => ({ rank, node: withheldCard(rank) }));
    return [...shown, ...hidden].sort((one, other) => one.rank - other.rank).map(({ node }) => node);
  }
}

/** @param {any} answer @param {any} sentence @param {Evidence} evidence */
function conflicts(answer, sentence, evidence) {
  const found = sentence.conflicts ?? [];
  if (!found.length) return null;
  return h(
    "ul",
    { class: "conflicts" },
    found.map((/** @type {any} */ conflict) => conflictLine(answer.text ?? "", conflict, conflict.chunkId ? evidence.nameOf(conflict.chunkId) : "")),
  );
}

/** @param {Set<number>} wrong @param {number} index */
function choose(wrong, index) {
  const box = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: wrong.has(index) }));
  box.addEventListener("change", () => (box.checked ? wrong.add(index) : wrong.delete(index)));
  return h("label", { class: "check" }, box, " This sentence is wrong");
}
