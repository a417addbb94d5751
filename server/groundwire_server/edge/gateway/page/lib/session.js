// Who the user is: a token, an API key or, on a server that asks for no proof, names. Kept in this tab alone.

const KEPT = "groundwire.session";
const DRAFTS = "groundwire.draft.";
const WRITER = "groundwire.writer";

/**
 * @typedef {object} Credential
 * @property {"none" | "token" | "key" | "names"} kind
 * @property {string} [secret] the token or the key
 * @property {string} [tenant]
 * @property {string} [subject]
 */

/** The credential of this tab, and what the server says of its holder. */
export class Session {
  /** @type {Credential} */
  #credential;
  /** @type {() => Promise<void>} */
  #ask = () => Promise.reject(new Error("nobody asks for a credential"));
  /** @type {Promise<boolean> | null} */
  #renewing = null;
  /** @type {any} */
  #caller = null;
  /** @type {Set<string>} */
  #features = new Set();

  constructor() {
    this.#credential = kept() ?? { kind: "none" };
  }

  /** The credential that is in use. */
  get credential() {
    return this.#credential;
  }

  /** The caller as the server understood the credential; null before it was asked. */
  get caller() {
    return this.#caller;
  }

  /** @param {() => Promise<void>} ask lets the user sign in; rejected when they leave it */
  onExpired(ask) {
    this.#ask = ask;
  }

  /** The headers that carry the credential. @returns {Record<string, string>} */
  headers() {
    const { kind, secret = "", tenant = "", subject = "" } = this.#credential;
    if (kind === "token") return { authorization: `Bearer ${secret}` };
    if (kind === "key") return { "groundwire-api-key": secret };
    if (kind !== "names") return {};
    return { ...(tenant && { "groundwire-tenant": tenant }), ...(subject && { "groundwire-subject": subject }) };
  }

  /** @param {Credential} credential @param {boolean} keep in this tab, so that it outlives a reload */
  use(credential, keep) {
    this.#credential = credential;
    if (keep) sessionStorage.setItem(KEPT, JSON.stringify(credential));
    else sessionStorage.removeItem(KEPT);
  }

  /**
   * Take what GetServerInfo says.
   *
   * @param {any} serverInfo
   * @returns {boolean} whether the caller is the one before, or the first; what another one has typed is removed, also
   *   before a reload
   */
  learn(serverInfo) {
    const caller = serverInfo.caller ?? {};
    const same = !this.#caller || (this.#caller.tenant === caller.tenant && this.#caller.subject === caller.subject);
    const writer = JSON.stringify([caller.tenant, caller.subject]);
    if (sessionStorage.getItem(WRITER) !== writer) removeDrafts();
    sessionStorage.setItem(WRITER, writer);
    this.#caller = caller;
    this.#features = new Set(serverInfo.features ?? []);
    return same;
  }

  /**
   * Let the user sign in again; several calls that find the credential expired wait for one dialog.
   *
   * @returns {Promise<boolean>} whether it is the same caller
   */
  renew() {
    this.#renewing ??= this.#again().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** @param {string} feature of the contract, without its prefix */
  offers(feature) {
    return this.#features.has(`FEATURE_${feature}`);
  }

  /** @param {string} role without its prefix */
  is(role) {
    const roles = this.#caller?.roles ?? [];
    return roles.includes(`ROLE_${role}`) || roles.includes("ROLE_ADMIN");
  }

  /** Forget the credential and all that was typed. */
  end() {
    sessionStorage.removeItem(KEPT);
    sessionStorage.removeItem(WRITER);
    removeDrafts();
    this.#credential = { kind: "none" };
    this.#caller = null;
    this.#features = new Set();
  }

  async #again() {
    const before = this.#caller;
    await this.#ask();
    return !before || (before.tenant === this.#caller?.tenant && before.subject === this.#caller?.subject);
  }
}

/**
 * Keep what a user has typed for a ticket until it is sent; empty values remove it.
 *
 * @param {string} ticket
 * @param {object | null} draft
 */
export function keepDraft(ticket, draft) {
  try {
    if (draft) sessionStorage.setItem(DRAFTS + ticket, JSON.stringify(draft));
    else sessionStorage.removeItem(DRAFTS + ticket);
  } catch {
    // The tab's storage is full: the draft is still in the form.
  }
}

/** @param {string} ticket @returns {any} what was typed for it before; null for nothing */
export function keptDraft(ticket) {
  return read(DRAFTS + ticket);
}

function removeDrafts() {
  for (const key of Object.keys(sessionStorage)) if (key.startsWith(DRAFTS)) sessionStorage.removeItem(key);
}

/** @returns {Credential | null} */
function kept() {
  return read(KEPT);
}

/** @param {string} key */
function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}
