// The dialog in which a user signs in: with a token, an API key, or names where the server asks for no proof.

import { byId, fill, h } from "./dom.js";
import { sentenceOf } from "./errors.js";
import { choice } from "./forms.js";

const TENANT = "default";
const INFO = "groundwire.v1.ServerInfoService/GetServerInfo";

/** @typedef {"token" | "key" | "names"} Kind */

/** Lets the user sign in, and tells the session what the server says of them. */
export class SignIn {
  /** @param {import("./connect.js").Client} client @param {import("./session.js").Session} session */
  constructor(client, session) {
    this.client = client;
    this.session = session;
    this.dialog = /** @type {HTMLDialogElement} */ (byId("sign-in"));
    /** @type {Kind} */
    this.kind = session.credential.kind === "none" ? "token" : session.credential.kind;
  }

  /**
   * Ask the server who the caller is. One that asks for no proof takes a name; without a credential it is tried.
   *
   * @returns {Promise<boolean>} whether it is the caller before, or the first
   */
  async learn() {
    if (this.session.credential.kind !== "none") return this.#info();
    this.session.use({ kind: "names", tenant: TENANT }, false);
    try {
      return await this.#info();
    } catch (wrong) {
      this.session.use({ kind: "none" }, false);
      throw wrong;
    }
  }

  async #info() {
    const { serverInfo = {} } = await this.client.once(INFO, {});
    return this.session.learn(serverInfo);
  }

  /**
   * Show the dialog.
   *
   * @param {string} why in a sentence
   * @param {boolean} names whether names are enough
   * @returns {Promise<void>} once the server has accepted; rejected when the user leaves the dialog
   */
  ask(why, names = false) {
    if (names) this.kind = "names";
    else if (this.kind === "names") this.kind = "token";
    return new Promise((resolve, reject) => {
      const parts = h("div", { class: "stack" });
      const failed = h("p", { class: "problem", role: "alert" });
      const keep = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", checked: true }));
      /** @type {[string, string][]} */
      const kinds = names ? [["names", "Names"], ["token", "Token"], ["key", "API key"]] : [["token", "Token"], ["key", "API key"]];
      const draw = () => fill(parts, ...this.#fields());
      const submit = async (/** @type {Event} */ event) => {
        event.preventDefault();
        fill(failed);
        const before = this.session.credential;
        this.session.use(this.#credential(parts), keep.checked);
        try {
          await this.learn();
        } catch (wrong) {
          this.session.use(before, keep.checked);
          fill(failed, sentenceOf(wrong));
          return;
        }
        this.dialog.onclose = null;
        this.dialog.close();
        resolve();
      };
      fill(
        this.dialog,
        h("h2", { id: "sign-in-title" }, "Sign in"),
        h("p", {}, why),
        h(
          "form",
          { class: "stack", on: { submit } },
          choice("With", kinds, this.kind, (value) => {
            this.kind = /** @type {Kind} */ (value);
            draw();
          }),
          parts,
          h("label", { class: "check" }, keep, " Keep me signed in when this tab is reloaded"),
          h("p", { class: "quiet" }, "It stays in this tab and is gone when you close it. No cookies are set."),
          failed,
          h("div", { class: "row" }, h("button", { class: "primary" }, "Sign in"), h("button", { type: "button", on: { click: () => this.dialog.close() } }, "Cancel")),
        ),
      );
      draw();
      this.dialog.onclose = () => reject(new DOMException("left", "AbortError"));
      if (!this.dialog.open) this.dialog.showModal();
      /** @type {HTMLElement | null} */ (parts.querySelector("input, textarea"))?.focus();
    });
  }

  #fields() {
    const { tenant = "", subject = "" } = this.session.caller ?? {};
    if (this.kind === "names") {
      return [
        h("label", {}, "Your name (subject)", h("input", { name: "subject", value: subject === "anonymous" ? "" : subject, autocomplete: "username", maxlength: 256, required: true })),
        h("label", {}, "Tenant", h("input", { name: "tenant", value: tenant, autocomplete: "organization", maxlength: 64 })),
      ];
    }
    const label = this.kind === "token" ? "Token" : "API key";
    return [h("label", {}, label, h("input", { name: "secret", type: "password", autocomplete: "off", spellcheck: "false", required: true }))];
  }

  /** @param {Element} parts @returns {import("./session.js").Credential} */
  #credential(parts) {
    const value = (/** @type {string} */ name) => /** @type {HTMLInputElement | null} */ (parts.querySelector(`[name=${name}]`))?.value.trim() ?? "";
    if (this.kind === "names") return { kind: "names", subject: value("subject"), tenant: value("tenant") };
    const secret = value("secret").replace(/^Bearer\s+/iu, "");
    return { kind: kindOf(secret) ?? this.kind, secret };
  }
}

/**
 * The kind of a credential by how it begins, so that a key that is pasted where a token is asked for is sent as a key.
 *
 * @param {string} secret
 * @returns {"token" | "key" | null} null where it says nothing
 */
function kindOf(secret) {
  if (secret.startsWith("gw_")) return "key";
  return secret.startsWith("eyJ") ? "token" : null;
}
