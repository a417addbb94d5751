// The page: who the user is, which views they have, and which one is shown.

import { AskView } from "./ask/view.js";
import { notify } from "./lib/announce.js";
import { CallError, Client } from "./lib/connect.js";
import { byId, fill, h } from "./lib/dom.js";
import { isAbort, sentenceOf } from "./lib/errors.js";
import { listenForKeys, useKeys } from "./lib/keys.js";
import { Session } from "./lib/session.js";
import { SignIn } from "./lib/signin.js";
import { offerThemes } from "./lib/theme.js";
import { ReviewView } from "./review/view.js";
import { UsageView } from "./usage/view.js";

const EXPIRED = "Your credential has expired or was withdrawn. Sign in again: what you have typed is kept.";
const FIRST = "This server wants to know who you are.";

/** @typedef {{name: string, title: string, view: any}} Tab */

class Page {
  constructor() {
    this.session = new Session();
    this.client = new Client(this.session);
    this.signIn = new SignIn(this.client, this.session);
    /** @type {Tab[]} */
    this.tabs = [];
    /** @type {any} */
    this.shown = null;
    this.session.onExpired(() => this.#signInAgain());
    addEventListener("hashchange", () => this.#route());
  }

  /** Find out who the user is, and show what they may use. */
  async start() {
    try {
      await this.signIn.learn();
    } catch (wrong) {
      const unknown = wrong instanceof CallError && wrong.code === "unauthenticated";
      if (!unknown) return this.#failed(wrong);
      const before = this.session.credential.kind !== "none";
      if (!(await this.#asked(before ? EXPIRED : FIRST, false))) return this.#signedOut();
    }
    this.#begin();
  }

  #begin() {
    this.#close();
    this.tabs = this.#offered();
    this.#identity();
    this.#route();
  }

  /** @returns {Tab[]} */
  #offered() {
    const { client, session } = this;
    const tabs = [];
    if (session.is("READER")) tabs.push({ name: "ask", title: "Ask", view: new AskView(client) });
    if (session.offers("REVIEWS") && session.is("REVIEWER")) tabs.push({ name: "review", title: "Review", view: new ReviewView(client, session) });
    if (session.offers("USAGE") && session.is("OPERATOR")) tabs.push({ name: "usage", title: "Usage", view: new UsageView(client) });
    return tabs;
  }

  async #signInAgain() {
    const before = this.session.caller;
    const names = before?.authenticated !== true && before !== null;
    await this.signIn.ask(EXPIRED, names);
    this.#identity();
    const { tenant, subject } = this.session.caller;
    if (before && (before.tenant !== tenant || before.subject !== subject)) this.#begin();
  }

  /** @param {string} why @param {boolean} names @returns {Promise<boolean>} whether the user has signed in */
  async #asked(why, names) {
    try {
      await this.signIn.ask(why, names);
      return true;
    } catch (wrong) {
      if (isAbort(wrong)) return false;
      throw wrong;
    }
  }

  #identity() {
    const { tenant = "", subject = "", authenticated = false } = this.session.caller;
    const change = async () => {
      if (await this.#asked(authenticated ? "Use another credential." : "This server asks for no proof: say who you are.", !authenticated)) this.#begin();
    };
    fill(
      byId("who"),
      h("span", { class: "name" }, `${subject} · ${tenant}`),
      h("button", { type: "button", class: "quiet", on: { click: change } }, "Change"),
      authenticated && h("button", { type: "button", class: "quiet", on: { click: () => this.#end() } }, "Sign out"),
    );
  }

  #end() {
    this.session.end();
    this.#signedOut();
  }

  #close() {
    this.shown?.close();
    this.shown = null;
    for (const { view } of this.tabs) view.end?.();
    this.tabs = [];
  }

  #signedOut() {
    this.#close();
    useKeys(() => []);
    fill(byId("who"));
    fill(byId("views"));
    const again = () => this.start();
    fill(byId("main"), h("section", { class: "card empty" }, h("h1", {}, "You are signed out"), h("button", { type: "button", class: "primary", on: { click: again } }, "Sign in")));
  }

  /** @param {unknown} wrong */
  #failed(wrong) {
    const again = () => this.start();
    fill(byId("main"), h("section", { class: "card empty" }, h("h1", {}, "The page cannot start"), h("p", { role: "alert" }, sentenceOf(wrong)), h("button", { type: "button", class: "primary", on: { click: again } }, "Try again")));
  }

  #route() {
    // Before anybody has signed in there are no views to choose from.
    if (!this.session.caller) return;
    const [name, ...rest] = location.hash.replace(/^#\//u, "").split("/");
    const tab = this.tabs.find((each) => each.name === name) ?? this.tabs[0];
    fill(
      byId("views"),
      this.tabs.map((each) => h("a", { href: `#/${each.name}`, "aria-current": each === tab ? "page" : null }, each.title)),
    );
    if (!tab) {
      fill(byId("main"), h("section", { class: "card empty" }, h("h1", {}, "There is nothing here for you yet"), h("p", {}, "Your credential has no role that this page needs: reader, reviewer or operator. Ask an operator for one.")));
      return;
    }
    document.title = `${tab.title} · groundwire`;
    if (this.shown !== tab.view) {
      this.shown?.close();
      this.shown = tab.view;
      fill(byId("main"), tab.view.element);
      useKeys(() => tab.view.keys);
      if (document.activeElement !== document.body) byId("main").focus();
    }
    tab.view.open(rest.map(decoded)).catch((/** @type {unknown} */ wrong) => {
      if (!isAbort(wrong)) notify(sentenceOf(wrong), "failed");
    });
  }
}

/** @param {string} part of the address, which anybody may have written @returns {string} */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

offerThemes();
listenForKeys();
new Page().start();
