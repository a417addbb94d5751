// The claim on a review: how long it holds, and that it is prolonged while its reviewer works.

import { say } from "../lib/announce.js";
import { fill, h } from "../lib/dom.js";
import { left, until } from "../lib/time.js";

const TICK = 1000;
const PROLONG_BELOW = 600_000;
const WARN_BELOW = 120_000;

/** Counts a claim down. */
export class Lease {
  #timer = 0;
  #prolonging = false;
  #warned = false;
  /** @type {string | undefined} */
  #until;

  /** @param {() => Promise<void>} prolong @param {() => void} lapsed called once, when the claim has lapsed */
  constructor(prolong, lapsed) {
    this.prolong = prolong;
    this.lapsed = lapsed;
    this.element = h("span", { class: "lease", hidden: true });
  }

  /** @param {string | undefined} time when the claim lapses; undefined where the reviewer has none */
  set(time) {
    this.#until = time;
    this.#warned = this.#warned && this.left < WARN_BELOW;
    clearInterval(this.#timer);
    if (time) this.#timer = setInterval(() => this.#tick(), TICK);
    this.#tick();
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** Note that the reviewer works: the claim is prolonged when much of it is over. */
  touch() {
    if (!this.#until || this.#prolonging || this.left > PROLONG_BELOW || this.left < 0) return;
    this.#prolonging = true;
    this.prolong().finally(() => {
      this.#prolonging = false;
    });
  }

  /** Milliseconds that the claim holds. */
  get left() {
    return until(this.#until);
  }

  #tick() {
    const time = this.left;
    const held = time > 0;
    this.element.hidden = !this.#until;
    fill(this.element, held ? `Yours for ${left(time)}` : "Your claim has lapsed");
    this.element.classList.toggle("soon", time < WARN_BELOW);
    if (held && time < WARN_BELOW && !this.#warned) {
      this.#warned = true;
      say("Your claim on this review lapses in two minutes. Typing prolongs it.");
    }
    if (this.#until && !held) {
      clearInterval(this.#timer);
      this.#until = undefined;
      this.element.hidden = false;
      this.lapsed();
    }
  }
}
