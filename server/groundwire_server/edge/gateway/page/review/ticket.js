// One review: the question, why a person must look, the draft beside its evidence, and the decision.

import { notify, say } from "../lib/announce.js";
import { CallError } from "../lib/connect.js";
import { fill, h } from "../lib/dom.js";
import { isAbort, sentenceOf } from "../lib/errors.js";
import { Evidence, comparison } from "./comparison.js";
import { DecisionPanel } from "./panel.js";
import { decided, decisionNames, head, notes } from "./facts.js";
import { Lease } from "./lease.js";
import { trail } from "./trail.js";

const SERVICE = "groundwire.v1.ReviewService";
const OPEN = ["STATE_PENDING", "STATE_CLAIMED"];
/** Reasons after which the review is not what the page shows. */
const STALE = ["REVIEW_CHANGED", "REVIEW_DECIDED", "REVIEW_CLAIMED", "REVIEW_NOT_CLAIMED"];

/** Shows a review and sends what its reviewer decides. */
export class Ticket {
  /** @type {any} */
  #review = null;
  /** @type {AbortController | null} */
  #reading = null;
  #sending = false;
  /** @type {Set<number>} */
  #wrong = new Set();

  /**
   * @param {import("../lib/connect.js").Client} client
   * @param {import("../lib/session.js").Session} session
   * @param {(review: any) => void} changed
   */
  constructor(client, session, changed) {
    this.client = client;
    this.session = session;
    this.changed = changed;
    /** The ticket that is open; empty for none. */
    this.name = "";
    this.lease = new Lease(() => this.#prolong(), () => this.#lapsed());
    this.panel = new DecisionPanel(client, {
      decide: (method, request) => this.#decide(method, request),
      touch: () => this.lease.touch(),
      left: () => this.#drawActions(),
    }, this.lease.element);
    this.body = h("div", { class: "stack" });
    this.actions = h("div", { class: "actions", role: "group", "aria-label": "Decision" });
    this.problem = h("p", { class: "problem", role: "alert" });
    this.element = h("section", { class: "ticket", "aria-label": "Review", tabindex: "-1" });
  }

  get keys() {
    return [
      { key: "c", means: "Claim", act: () => this.claim() },
      { key: "r", means: "Release", act: () => this.release() },
      { key: "a", means: "Approve", act: () => this.begin("approve") },
      { key: "e", means: "Edit", act: () => this.begin("edit") },
      { key: "x", means: "Reject", act: () => this.begin("reject") },
    ];
  }

  /** @param {string} name of the ticket; empty closes the one that is open */
  async open(name) {
    if (name === this.name && this.#review) return;
    this.close();
    this.name = name;
    if (!name) {
      fill(this.element, h("p", { class: "quiet placeholder" }, "Choose a review: j and k move through the list, Enter opens one."));
      return;
    }
    fill(this.element, h("p", { class: "quiet", role: "status" }, "Reading the review…"));
    await this.#read();
    this.element.focus({ preventScroll: true });
    this.element.scrollTo?.(0, 0);
  }

  close() {
    this.#reading?.abort();
    this.panel.close();
    this.lease.set(undefined);
    this.#review = null;
    this.#wrong = new Set();
    this.name = "";
  }

  /** Leave the form that is open. @returns {boolean} whether there was one */
  leave() {
    if (!this.panel.mode) return false;
    this.panel.close();
    this.#drawActions();
    this.element.focus({ preventScroll: true });
    return true;
  }

  async claim() {
    await this.#change("ClaimReview", {}, "The review is yours.");
  }

  async release() {
    if (!this.#isMine()) return;
    this.panel.close();
    await this.#change("ReleaseReview", {}, "The review is free for others.");
  }

  /** @param {"approve" | "edit" | "reject"} mode */
  async begin(mode) {
    if (!this.#review || !OPEN.includes(this.#review.state) || !this.#allows(mode)) return;
    if (!this.#isMine()) await this.claim();
    if (!this.#isMine()) return;
    fill(this.problem);
    this.panel.open(mode, this.#review, this.#wrong);
    this.#drawActions();
    this.panel.focus();
  }

  async #read() {
    this.#reading?.abort();
    const reading = new AbortController();
    this.#reading = reading;
    try {
      const { review } = await this.client.call(`${SERVICE}/GetReview`, { ticket: this.name }, { signal: reading.signal, reads: true });
      this.#take(review);
      this.#draw();
    } catch (wrong) {
      if (isAbort(wrong)) return;
      fill(this.element, h("p", { class: "problem", role: "alert" }, sentenceOf(wrong)));
    }
  }

  /** @param {string} method @param {object} request @param {string} said */
  async #change(method, request, said) {
    if (this.#sending || !this.#review) return;
    const ticket = this.name;
    this.#sending = true;
    try {
      const { review } = await this.client.call(`${SERVICE}/${method}`, { ticket, ...request });
      if (ticket !== this.name) return;
      this.#take(review);
      this.#draw();
      say(said);
    } catch (wrong) {
      await this.#failed(wrong);
    } finally {
      this.#sending = false;
    }
  }

  /** @param {string} method @param {object} request @returns {Promise<boolean>} whether it was decided */
  async #decide(method, request) {
    if (this.#sending) return false;
    const ticket = this.name;
    this.#sending = true;
    fill(this.problem);
    try {
      const { review } = await this.client.call(`${SERVICE}/${method}`, { ticket, etag: this.#review.etag, ...request });
      notify(review.operation ? "Decided. The caller has the outcome now." : "Decided.");
      this.changed(review);
      if (ticket !== this.name) return true;
      this.panel.close();
      this.#take(review);
      this.#draw();
      this.element.focus({ preventScroll: true });
      return true;
    } catch (wrong) {
      await this.#failed(wrong);
      return false;
    } finally {
      this.#sending = false;
    }
  }

  /** @param {unknown} wrong */
  async #failed(wrong) {
    if (isAbort(wrong)) return;
    const said = sentenceOf(wrong);
    if (wrong instanceof CallError && STALE.includes(wrong.reason)) {
      // The form stays as it is: nothing typed is lost, and what it was written about is read again.
      const { review } = await this.client.call(`${SERVICE}/GetReview`, { ticket: this.name }, { reads: true }).catch(() => ({ review: null }));
      if (review) {
        this.#take(review);
        this.#draw();
      }
    }
    fill(this.problem, said);
    if (!this.problem.isConnected) notify(said, "failed");
  }

  async #prolong() {
    try {
      const { review } = await this.client.call(`${SERVICE}/ClaimReview`, { ticket: this.name });
      if (review?.ticket !== this.name) return;
      this.#take(review);
    } catch (wrong) {
      await this.#failed(wrong);
    }
  }

  #lapsed() {
    fill(this.problem, "Your claim has lapsed, so another reviewer may take the review. What you typed is kept: claim it (c) to go on.");
    this.#drawActions();
  }

  /** @param {any} review */
  #take(review) {
    this.#review = review;
    this.changed(review);
    this.lease.set(this.#isMine() ? review.leaseExpireTime : undefined);
  }

  #isMine() {
    const { state, reviewer, leaseExpireTime } = this.#review ?? {};
    return state === "STATE_CLAIMED" && reviewer === this.session.caller.subject && Date.parse(leaseExpireTime) > Date.now();
  }

  /** @param {string} mode */
  #allows(mode) {
    if (mode === "approve") return this.#review.kind === "KIND_BLOCK" || Boolean(this.#review.proposed?.text);
    return mode !== "edit" || this.#review.kind !== "KIND_BLOCK";
  }

  #draw() {
    const review = this.#review;
    const evidence = new Evidence(review);
    const open = OPEN.includes(review.state);
    const blind = review.kind === "KIND_SAMPLE" && open;
    const all = evidence.all();
    if (!open) this.panel.close();
    fill(
      this.body,
      head(review, evidence),
      notes(review, blind),
      open ? null : decided(review, evidence),
      review.proposed?.text
        ? h("section", { class: "stack" },
            h("h2", {}, open ? "Draft, sentence by sentence" : "What was proposed"),
            comparison(review.proposed, evidence, {
              blind,
              below: open ? (review.belowMinimum ?? []) : [],
              wrong: this.#isMine() && review.kind !== "KIND_BLOCK" ? this.#wrong : null,
              seen: review.wrongSentences ?? [],
            }))
        : null,
      all.length
        ? h("details", { class: "fold", open: blind || !review.proposed?.text }, h("summary", {}, `All evidence (${all.length})`), h("div", { class: "stack" }, all))
        : h("p", { class: "quiet" }, "No passages were found for this question."),
      trail(this.client, this.session, review.ticket),
    );
    fill(this.element, this.body, this.problem, this.panel.element, this.actions);
    this.#drawActions();
  }

  #drawActions() {
    const review = this.#review;
    if (!review) return;
    const open = OPEN.includes(review.state);
    const mine = this.#isMine();
    const taken = review.state === "STATE_CLAIMED" && review.reviewer !== this.session.caller.subject;
    this.actions.hidden = !open || Boolean(this.panel.mode);
    if (this.actions.hidden) return;
    const words = decisionNames(review.kind);
    fill(
      this.actions,
      taken ? h("span", {}, `Claimed by ${review.reviewer}`) : this.lease.element,
      mine ? null : this.#button("Claim", "c", () => this.claim(), ""),
      mine ? this.#button("Release", "r", () => this.release(), "") : null,
      h("span", { class: "push" }),
      this.#button(words.reject, "x", () => this.begin("reject"), "danger"),
      this.#allows("edit") ? this.#button(words.edit, "e", () => this.begin("edit"), "") : null,
      this.#allows("approve") ? this.#button(words.approve, "a", () => this.begin("approve"), "primary") : null,
    );
  }

  /** @param {string} name @param {string} key @param {() => void} act @param {string} kind */
  #button(name, key, act, kind) {
    return h("button", { type: "button", class: kind || null, "aria-keyshortcuts": key, on: { click: act } }, name, h("kbd", { "aria-hidden": "true" }, key));
  }
}
