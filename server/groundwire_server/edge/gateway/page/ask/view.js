// The view in which a user asks: a question and its route, the answer as it comes about, and its evidence beside it.

import { notify, say } from "../lib/announce.js";
import { fill, h } from "../lib/dom.js";
import { isAbort, sentenceOf } from "../lib/errors.js";
import { choice, sendByKey } from "../lib/forms.js";
import { card } from "../lib/passages.js";
import { RESULTS } from "../lib/words.js";
import { feedback } from "./feedback.js";
import { Known } from "./known.js";
import { passagesOf, resultOf, view } from "./outcome.js";
import { Running } from "./running.js";
import { Waiting } from "./waiting.js";

const STREAM = "groundwire.v1.AnswerService/StreamAnswer";
const ROUTES = "groundwire.v1.RouteService/ListRoutes";
const TEXTS = ["answered", "cached", "degraded"];

/** Asks questions, one at a time. */
export class AskView {
  /** @param {import("../lib/connect.js").Client} client */
  constructor(client) {
    this.client = client;
    /** @type {any[]} */
    this.routes = [];
    this.route = "";
    /** @type {AbortController | null} */
    this.running = null;
    /** @type {any[]} */
    this.passages = [];
    /** The operation whose outcome takes the place of what is shown; empty where that is final. */
    this.operation = "";
    this.waiting = new Waiting(client, (awaited, outcome, show) => this.#came(awaited, outcome, show));
    /** @type {import("../lib/sentences.js").Shown} */
    this.shown = {
      rankOf: (citation) => this.#rankOf(citation),
      open: (citation, button) => this.#reveal(citation, button),
    };
    this.text = /** @type {HTMLTextAreaElement} */ (
      h("textarea", { id: "question", rows: 3, maxlength: 8192, required: true, placeholder: "What do you want to know?" })
    );
    this.known = new Known();
    this.routeChoice = h("div", {});
    this.later = h("label", { class: "check", hidden: true }, h("input", { type: "checkbox" }), " It may be answered later");
    this.send = h("button", { class: "primary" }, "Ask");
    this.stop = h("button", { type: "button", hidden: true, on: { click: () => this.cancel() } }, "Cancel");
    this.progress = h("p", { class: "progress", role: "status" });
    this.answer = h("section", { class: "answer", "aria-label": "Answer" });
    this.evidence = h("section", { class: "evidence", "aria-label": "Evidence" });
    this.element = h(
      "div",
      { class: "ask" },
      h("div", { class: "main" },
        h("h1", {}, "Ask"),
        sendByKey(
          h(
            "form",
            { class: "composer card", on: { submit: (/** @type {Event} */ event) => this.#submit(event) } },
            h("label", { for: "question" }, "Your question"),
            this.text,
            this.known.element,
            h("div", { class: "row" }, this.routeChoice, this.later, h("span", { class: "push" }), this.stop, this.send),
          ),
        ),
        this.progress,
        this.answer,
        this.waiting.element,
      ),
      this.evidence,
    );
  }

  get keys() {
    return [
      { key: "/", means: "Write a question", act: () => this.text.focus() },
      { key: "Escape", means: "Cancel the answer", act: () => this.cancel() },
    ];
  }

  /** Show which routes there are. */
  async open() {
    this.waiting.resume();
    try {
      const { routes = [] } = await this.client.call(ROUTES, { pageSize: 1000 }, { reads: true });
      this.routes = routes;
      const names = routes.map((/** @type {any} */ route) => route.name);
      if (!names.includes(this.route)) this.route = names.includes("default") ? "default" : (names[0] ?? "");
      const options = names.map((/** @type {string} */ name) => [name, name]);
      fill(this.routeChoice, choice("Route", options, this.route, (value) => this.#choose(value)));
      this.#choose(this.route);
      if (!names.length) this.progress.textContent = "There is no route that you may use. Ask an operator for one.";
    } catch (wrong) {
      this.progress.textContent = sentenceOf(wrong);
    }
  }

  close() {}

  /** End all that goes on, since somebody else uses the page. */
  end() {
    this.cancel();
    this.waiting.end();
  }

  /** End the answer; the model stops at once. */
  cancel() {
    this.running?.abort();
  }

  /** @param {string} route */
  #choose(route) {
    this.route = route;
    this.later.hidden = !this.routes.find((each) => each.name === route)?.queue;
  }

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (this.running || !this.text.value.trim()) return;
    const wrong = this.known.wrongLine;
    if (wrong) {
      this.#say(`Line ${wrong} of the context is not “name = value”. A name is a lower-case letter, then lower-case letters, digits, _ and -.`);
      this.known.correct();
      return;
    }
    const running = new AbortController();
    this.running = running;
    this.operation = "";
    this.#busy(true);
    fill(this.answer);
    fill(this.evidence);
    this.passages = [];
    try {
      await this.#ask(running.signal);
    } catch (wrong) {
      const said = isAbort(wrong) ? "You cancelled the answer." : sentenceOf(wrong);
      this.#say(said);
      if (!isAbort(wrong)) notify(said, "failed");
    } finally {
      this.running = null;
      this.#busy(false);
    }
  }

  /** @param {AbortSignal} signal */
  async #ask(signal) {
    const drawn = new Running(this.shown);
    fill(this.answer, drawn.element);
    this.#say("Looking for passages…");
    const allowQueue = !this.later.hidden && /** @type {HTMLInputElement} */ (this.later.firstElementChild).checked;
    const { endUserId } = this.known;
    const question = { route: this.route, text: this.text.value, ...(allowQueue && { allowQueue }), ...this.known.fields };
    for await (const event of this.client.stream(STREAM, { question }, { signal })) {
      const sequence = event.sequence ?? 0;
      if (event.evidence) this.#found(event.evidence.passages ?? []);
      else if (event.textDelta) drawn.text(sequence, event.textDelta);
      else if (event.citation) drawn.citation(sequence, event.citation);
      else if (event.retraction) this.#say(`Text was taken back: ${drawn.retract(event.retraction)}. The answer goes on.`);
      else if (event.outcome) this.#ended(event.outcome, drawn.retracted, endUserId);
    }
  }

  /** @param {any[]} passages */
  #found(passages) {
    this.#show(passages);
    this.#say(`${passages.length} ${passages.length === 1 ? "passage" : "passages"} found. The answer is being written…`);
  }

  /** @param {any} outcome @param {{text: string, cause: string}[]} retracted @param {string} endUserId */
  #ended(outcome, retracted, endUserId) {
    const { kind, result } = resultOf(outcome);
    if (passagesOf(outcome).length) this.#show(passagesOf(outcome));
    const waits = (kind === "queued" || kind === "inReview") && result.operation;
    this.operation = waits ? result.operation : "";
    this.#say("");
    say(`${RESULTS[kind] ?? "The question has ended"}.`);
    const rated = TEXTS.includes(kind) && outcome.report?.requestId;
    const rating = rated ? feedback(this.client, outcome.report, endUserId) : null;
    fill(this.answer, h("h2", {}, waits ? "Not yet" : "Answer"), view(outcome, this.shown, retracted, rating));
    if (waits) this.waiting.add({ operation: waits, question: this.text.value, ...(endUserId && { endUserId }) });
  }

  /** @param {import("./waiting.js").Awaited} awaited @param {any} outcome @param {boolean} show whether the user has asked for it */
  #came({ operation, endUserId = "" }, outcome, show) {
    if (!show && this.operation !== operation) return;
    this.waiting.forget(operation);
    if (show) fill(this.evidence);
    this.#ended(outcome, [], endUserId);
  }

  /** @param {any} citation */
  #rankOf(citation) {
    return this.passages.findIndex((passage) => passage.chunkId === citation.chunkId) + 1;
  }

  /** @param {any} citation @param {HTMLElement} button that was pressed */
  #reveal(citation, button) {
    const rank = this.#rankOf(citation);
    const passage = this.passages[rank - 1] ?? { ...citation, text: citation.quote };
    const shown = card(passage, rank || 1, [{ words: citation.quote, kind: "quoted" }]);
    shown.classList.add("open");
    const back = h("button", { type: "button", class: "link", on: { click: () => button.focus() } }, "Back to the sentence");
    shown.append(back);
    const place = this.evidence.querySelector(`[aria-label="Passage ${rank}"]`);
    for (const other of this.evidence.querySelectorAll(".open")) other.classList.remove("open");
    if (place) place.replaceWith(shown);
    else this.evidence.append(shown);
    shown.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      button.focus();
    });
    shown.focus({ preventScroll: true });
    shown.scrollIntoView({ block: "nearest", behavior: "auto" });
  }

  /** @param {any[]} passages */
  #show(passages) {
    this.passages = passages;
    fill(
      this.evidence,
      h("h2", {}, "Evidence"),
      passages.map((passage, index) => card(passage, index + 1)),
    );
  }

  /** @param {string} text */
  #say(text) {
    this.progress.textContent = text;
  }

  /** @param {boolean} busy */
  #busy(busy) {
    this.send.toggleAttribute("disabled", busy);
    this.stop.hidden = !busy;
    this.answer.setAttribute("aria-busy", String(busy));
  }
}
