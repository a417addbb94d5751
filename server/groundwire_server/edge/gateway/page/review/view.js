// The view in which reviewers decide: the queue, and the ticket that is open beside it.

import { h } from "../lib/dom.js";
import { Queue } from "./queue.js";
import { Ticket } from "./ticket.js";

/** The queue and one ticket. */
export class ReviewView {
  /** @param {import("../lib/connect.js").Client} client @param {import("../lib/session.js").Session} session */
  constructor(client, session) {
    this.queue = new Queue(client, session);
    this.ticket = new Ticket(client, session, (review) => this.queue.take(review));
    this.element = h("div", { class: "review" }, this.queue.element, this.ticket.element);
  }

  get keys() {
    return [
      { key: "j", means: "Next review", act: () => this.#move(1) },
      { key: "k", means: "Previous review", act: () => this.#move(-1) },
      ...(this.ticket.name ? this.ticket.keys : []),
      { key: "Escape", means: "Close what is open", act: () => this.#leave() },
    ];
  }

  /** @param {string[]} path the ticket's name, or nothing */
  async open([name = ""] = []) {
    this.element.dataset.open = name ? "ticket" : "queue";
    this.queue.start();
    this.queue.select(name);
    await this.ticket.open(name);
  }

  close() {
    this.queue.stop();
    this.ticket.close();
  }

  /** @param {number} by how many rows */
  #move(by) {
    const name = this.queue.neighbour(by, this.ticket.name);
    if (!name) return;
    if (this.ticket.name) location.hash = `#/review/${name}`;
    this.queue.focus(name);
  }

  #leave() {
    if (this.ticket.leave()) return;
    const name = this.ticket.name;
    location.hash = "#/review";
    if (name) this.queue.focus(name);
  }
}
