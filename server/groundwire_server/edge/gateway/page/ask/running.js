// An answer while it is written: text appears as it leaves, and what is taken back is struck out where it stood.

import { fill, h } from "../lib/dom.js";
import { citationButton } from "../lib/sentences.js";
import { ASSURANCES, CAUSES, meaning, word } from "../lib/words.js";

/** Draws the events of StreamAnswer one after another; nothing that is shown is drawn again. */
export class Running {
  /** @param {import("../lib/sentences.js").Shown} shown */
  constructor(shown) {
    this.shown = shown;
    /** @type {{sequence: number, node: HTMLElement}[]} */
    this.drawn = [];
    /** What was taken back, each with why. @type {{text: string, cause: string}[]} */
    this.retracted = [];
    this.element = h("div", { class: "prose running" });
  }

  /** @param {number} sequence @param {any} delta */
  text(sequence, delta) {
    const assurance = word(delta.assurance, "ASSURANCE_") || "PROVISIONAL";
    const title = meaning(ASSURANCES, assurance, "");
    this.#draw(sequence, h("span", { class: "delta", title, data: { assurance } }, delta.text ?? ""));
  }

  /** @param {number} sequence @param {any} citation */
  citation(sequence, citation) {
    const rank = this.shown.rankOf(citation);
    const last = this.drawn.at(-1)?.node;
    if (last?.dataset.rank === String(rank)) return;
    const node = h("span", { data: { rank: String(rank) } }, citationButton(citation, this.shown));
    this.#draw(sequence, node);
  }

  /** @param {any} retraction @returns {string} why text was taken back */
  retract(retraction) {
    const from = retraction.fromSequence ?? 0;
    const back = this.drawn.filter((each) => each.sequence >= from);
    this.drawn = this.drawn.filter((each) => each.sequence < from);
    const why = meaning(CAUSES, retraction.cause, "CAUSE_");
    const text = back.map(({ node }) => (node.classList.contains("delta") ? node.textContent : "")).join("");
    for (const { node } of back) node.remove();
    if (text?.trim()) {
      this.retracted.push({ text, cause: why });
      this.element.append(struck(text, why));
    }
    return why;
  }

  /** @param {number} sequence @param {HTMLElement} node */
  #draw(sequence, node) {
    this.drawn.push({ sequence, node });
    this.element.append(node);
  }
}

/** @param {string} text @param {string} why */
export function struck(text, why) {
  const element = h("del", { class: "retracted", title: `Taken back: ${why}` });
  fill(element, h("span", { class: "hidden" }, "Taken back: "), text);
  return element;
}
