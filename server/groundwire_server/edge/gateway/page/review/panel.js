// The forms of a decision: approve, edit and reject. What is typed is kept in the tab until it is sent.

import { fill, h } from "../lib/dom.js";
import { checkboxes, checked, sendByKey } from "../lib/forms.js";
import { keepDraft, keptDraft } from "../lib/session.js";
import { FAULTS } from "../lib/words.js";
import { Checking } from "./checking.js";
import { decisionNames } from "./facts.js";

/**
 * @typedef {object} Decider
 * @property {(method: string, request: object) => Promise<boolean>} decide
 * @property {() => void} touch notes that the reviewer works
 * @property {() => void} left
 */

/** The form that is open, if one is. */
export class DecisionPanel {
  /** @type {any} */
  #review = null;
  /** @type {Set<number>} */
  #wrong = new Set();
  /** @type {HTMLTextAreaElement | null} */
  #text = null;
  /** @type {HTMLTextAreaElement | null} */
  #note = null;
  /** @type {HTMLElement | null} */
  #faults = null;

  /** @param {import("../lib/connect.js").Client} client @param {Decider} decider @param {HTMLElement} lease how long the claim holds */
  constructor(client, decider, lease) {
    this.lease = lease;
    this.decider = decider;
    /** @type {"" | "approve" | "edit" | "reject"} */
    this.mode = "";
    this.checking = new Checking(client);
    this.element = h("div", { class: "panel", hidden: true });
    this.element.addEventListener("input", () => {
      this.#keep();
      this.decider.touch();
    });
  }

  /** @param {"approve" | "edit" | "reject"} mode @param {any} review @param {Set<number>} wrong sentences found wrong */
  open(mode, review, wrong) {
    this.mode = mode;
    this.#review = review;
    this.#wrong = wrong;
    const draft = keptDraft(review.ticket) ?? {};
    const words = decisionNames(review.kind);
    const block = review.kind === "KIND_BLOCK";
    this.#note = area(2, 4096, draft.note ?? "");
    this.#faults = mode === "approve" || block ? null : checkboxes("What is wrong with the draft? (optional)", FAULTS, draft.faults ?? []);
    this.#text = mode === "edit" ? area(8, 65536, draft.text ?? review.proposed?.text ?? "") : null;
    if (this.#text) this.#text.required = true;
    const form = h(
      "form",
      { class: "stack", on: { submit: (/** @type {Event} */ event) => this.#submit(event) } },
      h("div", { class: "row" }, h("h2", {}, words[mode]), h("span", { class: "push" }), this.lease),
      h("p", { class: "quiet" }, this.#means()),
      this.#text && h("label", {}, "The answer as it is to leave", this.#text),
      this.#text && this.checking.element,
      this.#faults,
      h("label", {}, "Note for the record (optional; the caller never sees it)", this.#note),
      h(
        "div",
        { class: "row" },
        h("button", { class: mode === "reject" ? "danger" : "primary" }, mode === "edit" ? "Send this answer" : words[mode], h("kbd", { "aria-hidden": "true" }, "Ctrl ↵")),
        h("button", { type: "button", on: { click: () => this.#leave() } }, "Back", h("kbd", { "aria-hidden": "true" }, "Esc")),
        mode === "edit" && draft.text !== undefined ? h("button", { type: "button", class: "quiet", on: { click: () => this.#reset() } }, "Start over from the draft") : null,
      ),
    );
    form.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.#leave();
    });
    fill(this.element, sendByKey(form));
    this.element.hidden = false;
    if (this.#text) this.checking.begin(review.ticket, this.#text);
  }

  close() {
    this.checking.end();
    this.mode = "";
    this.element.hidden = true;
    fill(this.element);
  }

  /** Put the focus where the reviewer goes on. */
  focus() {
    const target = this.#text ?? (this.mode === "approve" ? this.element.querySelector("button") : this.element.querySelector("input, textarea"));
    /** @type {HTMLElement | null} */ (target)?.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "nearest" });
  }

  #means() {
    const { kind } = this.#review;
    if (kind === "KIND_SAMPLE") return { approve: "The sample counts as right.", edit: "The sample counts as wrong, and your text as what would have been right.", reject: "The sample counts as wrong." }[this.mode || "approve"];
    if (kind === "KIND_BLOCK") return this.mode === "approve" ? "It is counted as a justified block." : "It is counted as a mistake of the guard.";
    const short = (this.#review.belowMinimum ?? []).length;
    const caution = short ? ` ${short === 1 ? "One sentence falls" : `${short} sentences fall`} short: the caller is told to read it with caution.` : "";
    return {
      approve: `The draft leaves as it stands.${caution}`,
      edit: "Your text leaves, with its own verdicts, once it has been checked against the same passages.",
      reject: "No answer leaves. The caller receives what the route says for rejected answers.",
    }[this.mode || "approve"];
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    const ticket = this.#review.ticket;
    const note = this.#note?.value ?? "";
    const faults = this.#faults ? checked(this.#faults).map((fault) => `ANSWER_FAULT_${fault}`) : [];
    const wrongSentences = [...this.#wrong].sort((one, other) => one - other);
    const buttons = /** @type {HTMLButtonElement[]} */ ([...this.element.querySelectorAll("button")]);
    for (const button of buttons) button.disabled = true;
    const sent =
      this.mode === "approve"
        ? await this.decider.decide("ApproveReview", { note })
        : this.mode === "reject"
          ? await this.decider.decide("RejectReview", { note, faults, wrongSentences })
          : await this.decider.decide("EditReview", { text: this.#text?.value ?? "", note, faults, wrongSentences, acceptUnsupported: this.checking.accepted });
    for (const button of buttons) button.disabled = false;
    if (sent) keepDraft(ticket, null);
    else buttons[0]?.focus();
  }

  #keep() {
    const draft = { ...(keptDraft(this.#review.ticket) ?? {}), note: this.#note?.value ?? "" };
    if (this.#text) draft.text = this.#text.value;
    if (this.#faults) draft.faults = checked(this.#faults);
    keepDraft(this.#review.ticket, draft);
  }

  #reset() {
    keepDraft(this.#review.ticket, null);
    this.open("edit", this.#review, this.#wrong);
    this.focus();
  }

  #leave() {
    this.close();
    this.decider.left();
    /** @type {HTMLElement | null} */ (this.element.closest(".ticket"))?.focus({ preventScroll: true });
  }
}

/** @param {number} rows @param {number} limit @param {string} value */
function area(rows, limit, value) {
  return /** @type {HTMLTextAreaElement} */ (h("textarea", { rows, maxlength: limit, value }));
}
