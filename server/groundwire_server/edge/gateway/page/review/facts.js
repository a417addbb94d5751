// What is to be said of a review: the question, why a person must look, and how it was decided.

import { h } from "../lib/dom.js";
import { left, moment, until } from "../lib/time.js";
import { copyable } from "../lib/waterfall.js";
import { CAUSES, FAULTS, KINDS, STATES, TRIGGERS, meaning } from "../lib/words.js";
import { comparison } from "./comparison.js";

const OPEN = ["STATE_PENDING", "STATE_CLAIMED"];
/** @type {Record<string, string>} */
const ASKED = {
  KIND_APPROVAL: "May this answer leave? Its caller waits for your decision.",
  KIND_SAMPLE: "Is this answer right? It has left already.",
  KIND_BLOCK: "Was the guard right to forbid an answer?",
};

/** @param {any} review @param {import("./comparison.js").Evidence} evidence */
export function head(review, evidence) {
  const due = until(review.expireTime);
  const open = OPEN.includes(review.state);
  const turns = review.question?.turns ?? [];
  /** @type {[string, string][]} */
  const context = Object.entries(review.question?.context ?? {});
  return h(
    "header",
    { class: "ticket-head stack" },
    h("a", { class: "back", href: "#/review" }, "‹ All reviews"),
    h("p", { class: "meta" },
      h("span", { class: "tag" }, meaning(STATES, review.state, "STATE_")),
      h("span", {}, meaning(KINDS, review.kind, "KIND_")),
      h("span", {}, `route ${review.route ?? ""}`),
      h("span", {}, `opened ${moment(review.createTime)}`),
      open ? h("span", { class: due < 600_000 ? "soon" : null }, due > 0 ? `expires in ${left(due)}` : "expires now") : null,
    ),
    turns.length
      ? h("details", { class: "fold" }, h("summary", {}, `Earlier turns (${turns.length})`), turns.map((/** @type {any} */ turn) => h("p", {}, h("strong", {}, turn.role === "ROLE_USER" ? "User: " : "Service: "), turn.text)))
      : null,
    context.length
      ? h("details", { class: "fold" }, h("summary", {}, `Known about the question (${context.length})`), context.map(([name, value]) => h("p", {}, h("strong", {}, `${name}: `), value)))
      : null,
    h("h1", { class: "asked" }, review.question?.text ?? "The question is not shown to you"),
    h("div", { class: "banner neutral" }, h("p", { class: "next" }, ASKED[review.kind] ?? ""), h("p", {}, why(review))),
    evidence.withheld.size ? h("p", { class: "banner caution" }, withheld(evidence.withheld.size)) : null,
  );
}

/** @param {any} review @param {boolean} blind */
export function notes(review, blind) {
  const draft = Boolean(review.proposed?.text);
  return h(
    "div",
    { class: "stack" },
    blind ? h("p", { class: "banner neutral" }, "This is a blind sample: verdicts, citations and confidence are held back until you decide, so that they do not sway you.") : null,
    !draft && review.kind !== "KIND_BLOCK" ? h("p", { class: "banner neutral" }, "No model has written a draft. Write an answer (e), or reject the review (x).") : null,
    draft && review.draftComplete !== true && !blind ? h("p", { class: "banner caution" }, "The draft breaks off: the model was stopped before its end.") : null,
  );
}

/** @param {any} review @param {import("./comparison.js").Evidence} evidence */
export function decided(review, evidence) {
  const faults = (review.faults ?? []).map((/** @type {string} */ fault) => meaning(FAULTS, fault, "ANSWER_FAULT_"));
  const state = meaning(STATES, review.state, "STATE_");
  const by = review.reviewer ? ` by ${review.reviewer}` : "";
  return h(
    "section",
    { class: "stack" },
    h("h2", {}, `${state}${by}${review.decideTime ? `, ${moment(review.decideTime)}` : ""}`),
    review.note ? h("p", {}, h("strong", {}, "Note: "), review.note) : null,
    faults.length ? h("ul", {}, faults.map((/** @type {string} */ fault) => h("li", {}, fault))) : null,
    review.decided?.text ? h("h3", {}, "The answer that left") : null,
    review.decided?.text ? comparison(review.decided, evidence, { below: review.belowMinimum ?? [] }) : null,
    h("dl", { class: "facts" }, h("div", {}, h("dt", {}, "Request"), h("dd", {}, copyable("Request", review.requestId ?? ""))), h("div", {}, h("dt", {}, "Trace"), h("dd", {}, copyable("Trace", review.traceId ?? "")))),
  );
}

/** @param {string} kind of the review @returns {{approve: string, edit: string, reject: string}} what the decisions are called */
export function decisionNames(kind) {
  if (kind === "KIND_SAMPLE") return { approve: "It is right", edit: "Correct it", reject: "It is wrong" };
  if (kind === "KIND_BLOCK") return { approve: "The block was right", edit: "", reject: "It was a mistake" };
  return { approve: "Approve", edit: "Edit", reject: "Reject" };
}

/** @param {any} review @returns {string} */
function why(review) {
  const trigger = meaning(TRIGGERS, review.trigger, "TRIGGER_");
  const cause = meaning(CAUSES, review.cause, "CAUSE_");
  const guard = review.guard ? ` Guard “${review.guard}” found: ${review.category || "something"}.` : "";
  const shown = cause && review.trigger === "TRIGGER_FALLBACK" ? `: ${cause}` : "";
  return trigger || cause ? `${trigger || cause}${shown}.${guard}` : guard;
}

/** @param {number} count */
function withheld(count) {
  return count === 1
    ? "One passage is withheld: your rights do not include its document. Its words, and quotes from it, are not shown to you."
    : `${count} passages are withheld: your rights do not include their documents. Their words, and quotes from them, are not shown to you.`;
}
