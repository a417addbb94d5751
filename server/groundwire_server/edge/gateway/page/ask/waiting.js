// Answers that come later: each is followed until it is there, also after a reload, while other questions are asked.

import { notify } from "../lib/announce.js";
import { fill, h } from "../lib/dom.js";
import { isAbort, sentenceOf } from "../lib/errors.js";
import { keepDraft, keptDraft } from "../lib/session.js";
import { follow } from "./operation.js";

const CANCEL = "google.longrunning.Operations/CancelOperation";
/** No ticket has a space in its name. */
const KEPT = "waiting operations";

/** @typedef {{operation: string, question: string, endUserId?: string}} Awaited */

/** Follows operations, and lists them. */
export class Waiting {
  /** @type {Map<string, {awaited: Awaited, card: HTMLElement, running: AbortController}>} */
  #followed = new Map();

  /** @param {import("../lib/connect.js").Client} client @param {(awaited: Awaited, outcome: any, show: boolean) => void} done */
  constructor(client, done) {
    this.client = client;
    this.done = done;
    this.list = h("div", { class: "stack" });
    this.element = h("section", { class: "stack", hidden: true, "aria-label": "Waiting answers" }, h("h2", {}, "Waiting"), this.list);
  }

  /** Follow what was waited for before the page was loaded. */
  resume() {
    for (const awaited of keptDraft(KEPT) ?? []) this.add(awaited);
  }

  /** @param {Awaited} awaited */
  add(awaited) {
    if (this.#followed.has(awaited.operation)) return;
    const card = h("div", { class: "card waiting" });
    const running = new AbortController();
    this.#followed.set(awaited.operation, { awaited, card, running });
    this.list.append(card);
    this.#changed();
    this.#follow(awaited, card, running.signal);
  }

  /** End following; what is waited for stays in the tab. */
  end() {
    for (const { running } of this.#followed.values()) running.abort();
  }

  /** @param {Awaited} awaited @param {HTMLElement} card @param {AbortSignal} signal */
  async #follow(awaited, card, signal) {
    const { operation, question } = awaited;
    const status = h("p", { role: "status" }, "Waiting…");
    const give = h("button", { type: "button", on: { click: () => this.#giveUp(operation, give) } }, "I no longer need it");
    fill(card, h("div", {}, h("p", { class: "asked" }, question), status), give);
    try {
      const outcome = await follow(this.client, operation, (said) => fill(status, said), signal);
      const show = () => {
        this.forget(operation);
        this.done(awaited, outcome, true);
      };
      fill(status, "It is answered.");
      give.replaceWith(h("button", { type: "button", class: "primary", on: { click: show } }, "Show it"));
      notify("An answer that you waited for is there.");
      this.done(awaited, outcome, false);
    } catch (wrong) {
      if (isAbort(wrong)) return;
      fill(status, sentenceOf(wrong));
      give.replaceWith(h("button", { type: "button", on: { click: () => this.forget(operation) } }, "Remove"));
    }
  }

  /** @param {string} name @param {HTMLElement} button */
  async #giveUp(name, button) {
    button.setAttribute("disabled", "");
    try {
      await this.client.call(CANCEL, { name });
      this.forget(name);
    } catch (wrong) {
      button.removeAttribute("disabled");
      notify(sentenceOf(wrong), "failed");
    }
  }

  /** @param {string} operation that is no longer waited for */
  forget(operation) {
    const followed = this.#followed.get(operation);
    followed?.running.abort();
    followed?.card.remove();
    this.#followed.delete(operation);
    this.#changed();
  }

  #changed() {
    const all = [...this.#followed.values()].map(({ awaited }) => awaited);
    keepDraft(KEPT, all.length ? all : null);
    this.element.hidden = !all.length;
  }
}
