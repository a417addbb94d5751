// How a question ended: the result in words, the text with its verdicts, and what is left to do.

import { h } from "../lib/dom.js";
import { prose } from "../lib/sentences.js";
import { duration, moment } from "../lib/time.js";
import { badge, counted } from "../lib/verdicts.js";
import { trace } from "../lib/waterfall.js";
import { ACTIONS, CAUSES, CONFIDENCES, LOSSES, NEXT_STEPS, RESULTS, meaning, word } from "../lib/words.js";
import { struck } from "./running.js";

const TONES = {
  answered: "good",
  cached: "good",
  degraded: "caution",
  abstained: "neutral",
  queued: "waiting",
  inReview: "waiting",
};

/**
 * Return the kind of an outcome and its result; a kind that this page does not know is `unknown`.
 *
 * @param {any} outcome
 * @returns {{kind: string, result: any}}
 */
export function resultOf(outcome) {
  const kind = Object.keys(RESULTS).find((each) => outcome[each]) ?? "unknown";
  return { kind, result: outcome[kind] ?? {} };
}

/** @param {any} outcome @returns {any[]} the passages that an outcome has in the place of an answer */
export function passagesOf(outcome) {
  return outcome.degraded?.passages ?? outcome.abstained?.nearest ?? [];
}

/**
 * Return an outcome.
 *
 * @param {any} outcome
 * @param {import("../lib/sentences.js").Shown} shown
 * @param {{text: string, cause: string}[]} retracted while it was written
 * @param {HTMLElement | null} rating what the user may say of it
 */
export function view(outcome, shown, retracted = [], rating = null) {
  const { kind, result } = resultOf(outcome);
  const answer = result.answer;
  return h(
    "div",
    { class: "outcome" },
    banner(outcome, kind, result),
    answer?.text ? prose(answer, shown) : null,
    answer?.text ? assessment(outcome, answer) : null,
    rating,
    retracted.length
      ? h("details", { class: "fold" }, h("summary", {}, `Taken back while it was written (${retracted.length})`), retracted.map(({ text, cause }) => h("p", {}, struck(text, cause), h("span", { class: "why" }, ` ${cause}`))))
      : null,
    outcome.report ? h("details", { class: "fold" }, h("summary", {}, "Trace: where the time went"), trace(outcome.report)) : null,
  );
}

/** @param {any} outcome @param {string} kind @param {any} result */
function banner(outcome, kind, result) {
  const tone = /** @type {Record<string, string>} */ (TONES)[kind] ?? "bad";
  const losses = (result.losses ?? []).map((/** @type {string} */ loss) => meaning(LOSSES, loss, "LOSS_"));
  const known = kind in RESULTS;
  const cause = meaning(CAUSES, outcome.cause, "CAUSE_");
  const action = meaning(ACTIONS, outcome.action, "ACTION_");
  const next = NEXT_STEPS[word(outcome.nextStep, "NEXT_STEP_")] ?? NEXT_STEPS.DO_NOT_RETRY;
  return h(
    "div",
    { class: `banner ${tone}` },
    h("h3", {}, known ? RESULTS[kind] : "This page does not know this result"),
    h("p", {}, [cause && sentence(cause), action && `The service ${action}.`].filter(Boolean).join(" ")),
    losses.length ? h("ul", {}, losses.map((/** @type {string} */ loss) => h("li", {}, sentence(loss)))) : null,
    more(kind, result, outcome),
    h("p", { class: "next" }, next),
  );
}

/** @param {string} kind @param {any} result @param {any} outcome */
function more(kind, result, outcome) {
  const mark = outcome.report?.review;
  if (mark) return h("p", {}, `A reviewer ${{ DECISION_APPROVED: "approved it", DECISION_EDITED: "wrote it", DECISION_REJECTED: "rejected the draft" }[/** @type {string} */ (mark.decision)] ?? "decided"}, ${moment(mark.decideTime)}.`);
  if (kind === "cached") return h("p", {}, `It was validated ${duration(result.age)} ago, and still holds.`);
  if (kind === "blocked") return h("p", {}, `Guard “${result.policy ?? ""}” found: ${result.category ?? ""}.`);
  if (kind === "failedSafe" && result.retryAfter) return h("p", {}, `Wait ${duration(result.retryAfter)} first.`);
  if (kind === "inReview") return h("p", {}, `Ticket ${result.ticket ?? ""}`, result.expectedWithin ? `, expected within ${duration(result.expectedWithin)}` : "", ".");
  return null;
}

/** @param {any} outcome @param {any} answer */
function assessment(outcome, answer) {
  const confidence = word(answer.confidence, "CONFIDENCE_");
  return h(
    "p",
    { class: "assessment" },
    "Weakest sentence: ",
    badge(outcome.weakestVerdict),
    h("span", { class: "quiet" }, ` ${counted(answer.sentences ?? [])}`),
    confidence ? h("span", { class: "quiet" }, ` · confidence ${CONFIDENCES[confidence] ?? confidence}`) : null,
  );
}

/** @param {string} words */
function sentence(words) {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
