// An edited text is checked while its reviewer pauses, so that they see what would not leave.

import { CallError } from "../lib/connect.js";
import { fill, h } from "../lib/dom.js";
import { isAbort, sentenceOf } from "../lib/errors.js";
import { Evidence, comparison } from "./comparison.js";

const EDIT = "groundwire.v1.ReviewService/EditReview";
const PAUSE = 700;
const MOST_BYTES = 65536;

/** Shows the verdicts of a text that is being written. */
export class Checking {
  #timer = 0;
  /** @type {AbortController | null} */
  #running = null;
  #ticket = "";

  /** @param {import("../lib/connect.js").Client} client */
  constructor(client) {
    this.client = client;
    this.accept = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox" }));
    this.offer = h("label", { class: "check", hidden: true }, this.accept, " Let these sentences leave with a caution, where the route allows it");
    this.status = h("p", { class: "quiet", role: "status" });
    this.found = h("div", {});
    this.element = h("section", { class: "checking stack", "aria-label": "Verdicts of your text" }, this.status, this.found, this.offer);
  }

  /** Whether the reviewer lets sentences leave that fall short. */
  get accepted() {
    return !this.offer.hidden && this.accept.checked;
  }

  /** @param {string} ticket @param {HTMLTextAreaElement} text */
  begin(ticket, text) {
    this.end();
    this.#ticket = ticket;
    this.accept.checked = false;
    this.offer.hidden = true;
    fill(this.found);
    const later = (/** @type {number} */ time) => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#check(text.value), time);
    };
    text.addEventListener("input", () => {
      this.#running?.abort();
      this.found.classList.add("stale");
      fill(this.status, "Checked when you pause…");
      later(PAUSE);
    });
    later(0);
  }

  end() {
    clearTimeout(this.#timer);
    this.#running?.abort();
    this.#running = null;
  }

  /** @param {string} text */
  async #check(text) {
    this.#running?.abort();
    const problem = lacking(text);
    if (problem) {
      fill(this.status, problem);
      fill(this.found);
      return;
    }
    const running = new AbortController();
    this.#running = running;
    fill(this.status, "Checking…");
    try {
      const request = { ticket: this.#ticket, text, validateOnly: true };
      const { review } = await this.client.call(EDIT, request, { signal: running.signal, reads: true });
      this.#show(review);
    } catch (wrong) {
      if (isAbort(wrong) || running.signal.aborted) return;
      fill(this.status, sentenceOf(wrong));
      if (wrong instanceof CallError && wrong.retryAfter) this.#timer = setTimeout(() => this.#check(text), wrong.retryAfter);
    }
  }

  /** @param {any} review */
  #show(review) {
    const below = review.belowMinimum ?? [];
    const sentences = review.decided?.sentences ?? [];
    const short = below.length === 1 ? "One sentence falls" : `${below.length} sentences fall`;
    const blind = !sentences.some((/** @type {any} */ sentence) => sentence.verdict);
    const fine = blind ? "Verdicts are shown after the decision." : "Every sentence may leave.";
    fill(this.status, below.length ? `${short} short of what the route lets leave.` : fine);
    this.found.classList.remove("stale");
    fill(this.found, blind ? "" : comparison(review.decided, new Evidence(review), { below }));
    this.offer.hidden = !below.length;
  }
}

/** @param {string} text @returns {string} why it cannot be checked; empty where it can */
function lacking(text) {
  if (!text.trim()) return "Write an answer: an empty one cannot leave.";
  const bytes = new TextEncoder().encode(text).length;
  return bytes > MOST_BYTES ? `The text is ${bytes - MOST_BYTES} bytes too long.` : "";
}
