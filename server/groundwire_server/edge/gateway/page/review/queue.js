// The queue of reviews: a list that follows what other reviewers do.

import { fill, h } from "../lib/dom.js";
import { isAbort, sentenceOf } from "../lib/errors.js";
import { choice } from "../lib/forms.js";
import { clock, left, until } from "../lib/time.js";
import { CAUSES, KINDS, STATES, meaning, word } from "../lib/words.js";
import { changes } from "./watch.js";

const LIST = "groundwire.v1.ReviewService/ListReviews";
const PAGE = 100;
const SHOWN = 200;
const KEPT = 5000;
const REDRAW = 30_000;
const RECOUNT = 2000;
const OPEN = ["STATE_PENDING", "STATE_CLAIMED"];

/** @type {[string, string][]} */
const STANDINGS = [
  ["open", "Open"],
  ["mine", "Claimed by me"],
  ["decided", "Decided"],
];
/** @type {Record<string, string[]>} */
const STATES_OF = {
  open: OPEN,
  mine: ["STATE_CLAIMED"],
  decided: ["STATE_APPROVED", "STATE_EDITED", "STATE_REJECTED", "STATE_EXPIRED", "STATE_WITHDRAWN"],
};

/** Lists reviews by a filter, and keeps the list as it is on the server. */
export class Queue {
  /** @type {AbortController | null} */
  #running = null;
  #drawing = 0;
  #timer = 0;
  #counting = 0;
  /** @type {Map<string, any>} */
  #reviews = new Map();
  #more = "";
  #limit = SHOWN;
  #selected = "";

  /** @param {import("../lib/connect.js").Client} client @param {import("../lib/session.js").Session} session */
  constructor(client, session) {
    this.client = client;
    this.session = session;
    this.filter = { standing: "open", route: "", kind: "" };
    /** @type {Set<string>} */
    this.routes = new Set();
    this.count = h("span", { class: "quiet" });
    this.live = h("span", { class: "live" });
    this.filters = h("div", { class: "filters" });
    this.list = h("ol", { class: "tickets" });
    this.foot = h("div", { class: "foot" });
    this.element = h(
      "section",
      { class: "queue", "aria-label": "Review queue" },
      h("div", { class: "row" }, h("h1", {}, "Reviews"), this.count, h("span", { class: "push" }), this.live),
      this.filters,
      this.list,
      this.foot,
    );
  }

  /** Read the queue and follow it, unless that is being done. */
  start() {
    if (this.#running) return;
    this.#running = new AbortController();
    this.#reviews = new Map();
    this.#drawFilters();
    this.#timer = setInterval(() => this.#draw(), REDRAW);
    const { signal } = this.#running;
    this.#follow(signal).catch((wrong) => {
      if (!isAbort(wrong)) this.#standing("stopped", sentenceOf(wrong));
      else if (!signal.aborted) this.#standing("stopped", "Not followed: you are not signed in.");
    });
  }

  stop() {
    this.#running?.abort();
    this.#running = null;
    clearInterval(this.#timer);
    clearTimeout(this.#counting);
    this.#counting = 0;
  }

  /** @param {any} review as it is now */
  take(review) {
    if (review.route && !this.routes.has(review.route)) {
      this.routes.add(review.route);
      this.#drawFilters();
    }
    if (this.#matches(review)) this.#reviews.set(review.ticket, { ...review, proposed: undefined, passages: undefined });
    else this.#reviews.delete(review.ticket);
    if (this.#reviews.size > KEPT) this.#reviews.delete([...this.#reviews.keys()].at(-1) ?? "");
    this.#drawing ||= requestAnimationFrame(() => this.#draw());
  }

  /** @param {string} ticket that is open; empty for none */
  select(ticket) {
    this.#selected = ticket;
    this.#draw();
  }

  /**
   * Return the ticket that many rows away.
   *
   * @param {number} by
   * @param {string} from the ticket that is open; empty takes the row that has the focus
   */
  neighbour(by, from) {
    const names = this.#rows().map((row) => row.dataset.ticket ?? "");
    const at = from || /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.ticket || "";
    const index = names.indexOf(at);
    if (index < 0) return names[by > 0 ? 0 : names.length - 1] ?? "";
    return names[index + by] ?? "";
  }

  /** @param {string} ticket */
  focus(ticket) {
    const row = this.#rows().find((each) => each.dataset.ticket === ticket);
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  }

  /** @param {AbortSignal} signal */
  async #follow(signal) {
    this.#standing("reading", "Reading…");
    const { standing } = this.filter;
    await this.#page("", signal);
    if (standing === "decided") {
      this.#standing("still", `Read at ${clock(Date.now())}`);
      return;
    }
    const reread = () => this.#page("", signal);
    for await (const change of changes(this.client, this.#filterOf(), reread, signal)) {
      this.#standing(change.standing, change.said);
      if (!change.review) continue;
      this.take(change.review);
      this.#recount();
    }
  }

  /** @param {string} token @param {AbortSignal} signal */
  async #page(token, signal) {
    const order = this.filter.standing === "decided" ? "REVIEW_ORDER_NEWEST" : "REVIEW_ORDER_OLDEST";
    const request = { pageSize: PAGE, pageToken: token, filter: this.#filterOf(), order };
    const page = await this.client.call(LIST, request, { signal, reads: true });
    if (!token) this.#reviews = new Map();
    this.open = page.open ?? 0;
    this.#more = page.nextPageToken ?? "";
    for (const review of page.reviews ?? []) this.take(review);
    this.#draw();
  }

  /** Count anew how many are open: from the list where it has them all, otherwise by asking, now and then. */
  #recount() {
    const { standing, route, kind } = this.filter;
    if (standing === "open" && !route && !kind && !this.#more) {
      this.open = this.#reviews.size;
      return;
    }
    this.#counting ||= setTimeout(async () => {
      this.#counting = 0;
      const page = await this.client.call(LIST, { pageSize: 1 }, { signal: this.#running?.signal, reads: true }).catch(() => null);
      if (page) this.open = page.open ?? 0;
      if (page) this.#draw();
    }, RECOUNT);
  }

  #filterOf() {
    const { standing, route, kind } = this.filter;
    return {
      states: STATES_OF[standing],
      ...(route && { route }),
      ...(kind && { kinds: [kind] }),
      ...(standing === "mine" && { reviewer: this.session.caller.subject }),
    };
  }

  /** @param {any} review */
  #matches(review) {
    const { standing, route, kind } = this.filter;
    const own = standing !== "mine" || review.reviewer === this.session.caller.subject;
    return STATES_OF[standing].includes(review.state) && (!route || review.route === route) && (!kind || review.kind === kind) && own;
  }

  #drawFilters() {
    const again = (/** @type {object} */ change) => {
      Object.assign(this.filter, change);
      this.#limit = SHOWN;
      this.stop();
      fill(this.list);
      this.start();
    };
    /** @type {[string, string][]} */
    const routes = [["", "All"], .../** @type {[string, string][]} */ ([...this.routes].sort().map((route) => [route, route]))];
    /** @type {[string, string][]} */
    const kinds = [["", "All"], .../** @type {[string, string][]} */ (Object.entries(KINDS).map(([kind, said]) => [`KIND_${kind}`, said]))];
    fill(
      this.filters,
      choice("Show", STANDINGS, this.filter.standing, (standing) => again({ standing })),
      choice("Route", routes, this.filter.route, (route) => again({ route })),
      choice("Kind", kinds, this.filter.kind, (kind) => again({ kind })),
    );
  }

  #draw() {
    this.#drawing = 0;
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.ticket;
    const shown = [...this.#reviews.values()].sort(this.filter.standing === "decided" ? latest : oldest).slice(0, this.#limit);
    fill(this.list, shown.map((review) => this.#row(review)));
    fill(this.count, this.open === undefined ? "" : `${this.open} open`);
    const rest = this.#reviews.size > shown.length || this.#more;
    const empty = this.filter.standing === "open" ? "Nothing waits for a decision." : "There is nothing here.";
    fill(
      this.foot,
      shown.length ? null : h("p", { class: "quiet" }, empty),
      rest ? h("button", { type: "button", on: { click: () => this.#showMore() } }, "Show more") : null,
    );
    if (focused) this.focus(focused);
  }

  async #showMore() {
    this.#limit += SHOWN;
    if (this.#more && this.#running && this.#reviews.size < this.#limit) await this.#page(this.#more, this.#running.signal).catch(() => undefined);
    this.#draw();
  }

  /** @param {any} review */
  #row(review) {
    const state = word(review.state, "STATE_");
    const open = OPEN.includes(review.state);
    const mine = review.reviewer === this.session.caller.subject;
    const due = until(review.expireTime);
    const standing = state === "CLAIMED" ? `Claimed by ${mine ? "you" : review.reviewer}` : meaning(STATES, state, "");
    const link = h(
      "a",
      { href: `#/review/${review.ticket}`, class: "ticket-row", data: { ticket: review.ticket, state }, "aria-current": review.ticket === this.#selected ? "true" : null },
      h("span", { class: "asked" }, review.question?.text ?? "The question is not shown"),
      h(
        "span",
        { class: "meta" },
        h("span", { class: `tag ${mine && state === "CLAIMED" ? "own" : ""}` }, standing),
        h("span", {}, meaning(KINDS, review.kind, "KIND_")),
        h("span", {}, review.route),
        open && due > 0 ? h("span", { class: due < 600_000 ? "soon" : null }, `${left(due)} left`) : null,
      ),
      review.cause ? h("span", { class: "meta" }, meaning(CAUSES, review.cause, "CAUSE_")) : null,
    );
    return h("li", {}, link);
  }

  #rows() {
    return /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll(".ticket-row")]);
  }

  /** @param {string} standing @param {string} said */
  #standing(standing, said) {
    this.live.dataset.standing = standing;
    fill(this.live, said);
  }
}

/** @param {any} one @param {any} other */
function oldest(one, other) {
  return Date.parse(one.createTime) - Date.parse(other.createTime) || (one.ticket < other.ticket ? -1 : 1);
}

/** @param {any} one @param {any} other */
function latest(one, other) {
  return -oldest(one, other);
}
