// Passages as cards: where they come from, their text, and the words of it that matter.

import { h, isWebAddress } from "./dom.js";
import { marked } from "./sentences.js";
import { find, pieces } from "./text.js";

const CONTEXT = 160;

/** @typedef {{words: string, kind: "quoted" | "against", title?: string}} Sought */

/**
 * Return the card of a passage.
 *
 * @param {any} passage
 * @param {number} rank from 1
 * @param {Sought[]} sought words to mark
 */
export function card(passage, rank, sought = []) {
  return h(
    "article",
    { class: "passage", tabindex: "-1", "aria-label": `Passage ${rank}` },
    head(passage, rank),
    body(passage, sought, false),
  );
}

/**
 * Return the part of a passage around the words that matter, with the rest behind a button.
 *
 * @param {any} passage
 * @param {number} rank
 * @param {Sought[]} sought
 */
export function excerpt(passage, rank, sought) {
  const place = h("div", {}, body(passage, sought, true));
  const text = passage.text ?? "";
  const whole = h(
    "button",
    {
      type: "button",
      class: "link",
      on: {
        click: () => {
          place.replaceChildren(body(passage, sought, false));
          whole.remove();
        },
      },
    },
    "Show the whole passage",
  );
  return h("div", { class: "passage excerpt" }, head(passage, rank), place, cut(text, sought).whole ? null : whole);
}

/**
 * Return what stands for a passage that the reviewer may not see.
 *
 * @param {number} rank
 */
export function withheldCard(rank) {
  return h(
    "div",
    { class: "passage withheld" },
    h("p", {}, h("span", { "aria-hidden": "true" }, "⊘ "), h("strong", {}, `Passage ${rank} is withheld`)),
    h("p", {}, "Your rights do not include its document, so its words are not shown to you."),
  );
}

/** @param {any} passage @param {number} rank @returns {string} what to call a passage in a sentence */
export function nameOf(passage, rank) {
  return passage.title ? `passage ${rank} (${passage.title})` : `passage ${rank}`;
}

/** @param {any} passage @param {number} rank */
function head(passage, rank) {
  const place = passage.place ?? {};
  const title = passage.title || passage.documentId || passage.chunkId || "Untitled";
  const section = (place.section ?? []).filter((/** @type {string} */ heading) => heading !== title);
  const where = [...section, place.page ? `page ${place.page}` : ""].filter(Boolean).join(" › ");
  const address = passage.sourceUri ?? "";
  const flags = passage.flags ?? [];
  return h(
    "header",
    {},
    h("span", { class: "rank", "aria-hidden": "true" }, rank),
    h("div", {},
      h("strong", {}, isWebAddress(address) ? h("a", { href: address }, title) : title),
      where && h("div", { class: "where" }, where),
      flags.length ? h("div", { class: "flags" }, `A guard found: ${flags.join(", ")}`) : null,
    ),
  );
}

/** @param {any} passage @param {Sought[]} sought @param {boolean} short */
function body(passage, sought, short) {
  const text = passage.text ?? "";
  const { start, end, marks } = cut(text, sought);
  const [from, to] = short ? [start, end] : [0, text.length];
  const code = ["PASSAGE_KIND_CODE", "PASSAGE_KIND_TABLE"].includes(passage.place?.kind);
  return h(
    "div",
    { class: code ? "words code" : "words", tabindex: code ? "0" : null, role: code ? "region" : null, "aria-label": code ? "Text of the passage" : null },
    from > 0 ? "… " : "",
    ...pieces(text, marks, from, to).map(marked),
    to < text.length ? " …" : "",
  );
}

/** @param {string} text @param {Sought[]} sought */
function cut(text, sought) {
  const marks = sought.flatMap(({ words, kind, title }) => {
    const place = find(text, words);
    return place ? [{ ...place, kind, title }] : [];
  });
  const first = marks.length ? Math.min(...marks.map((mark) => mark.start)) : 0;
  const last = marks.length ? Math.max(...marks.map((mark) => mark.end)) : 0;
  const start = first <= CONTEXT ? 0 : edge(text, first - CONTEXT);
  const end = last + CONTEXT >= text.length ? text.length : edge(text, last + CONTEXT);
  return { start, end, marks, whole: start === 0 && end === text.length };
}

/** @param {string} text @param {number} at @returns {number} the end of the word there, so that none is cut */
function edge(text, at) {
  const space = text.slice(at, at + 40).search(/\s/u);
  return space < 0 ? at : at + space;
}
