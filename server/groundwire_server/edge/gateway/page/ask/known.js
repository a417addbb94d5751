// What a caller says beside the text of a question: values that a prompt may show, and for whom it is asked.

import { h } from "../lib/dom.js";

const NAME = /^[a-z][a-z0-9_-]{0,63}$/;

/** A part of the form that is folded away until somebody needs it. */
export class Known {
  constructor() {
    this.values = /** @type {HTMLTextAreaElement} */ (h("textarea", { rows: 2, placeholder: "plan = pro", spellcheck: "false" }));
    this.user = /** @type {HTMLInputElement} */ (h("input", { maxlength: 256, autocomplete: "off", spellcheck: "false" }));
    this.element = /** @type {HTMLDetailsElement} */ (
      h(
        "details",
        { class: "fold" },
        h("summary", {}, "Context and end user"),
        h(
          "div",
          { class: "stack" },
          h("label", {}, "Context, a value on each line", this.values),
          h("p", { class: "quiet" }, "A model sees the values that the route declares."),
          h("label", {}, "End user", this.user),
          h("p", { class: "quiet" }, "A pseudonym, by which experiments choose an arm and limits count."),
        ),
      )
    );
  }

  get endUserId() {
    return this.user.value.trim();
  }

  /** @returns {number} the first line of the context that is not a name and a value, from 1; 0 where all are */
  get wrongLine() {
    return this.#lines().findIndex((line) => line && !NAME.test(pair(line)[0])) + 1;
  }

  /** @returns {object} the fields of a question; of two values with one name the last */
  get fields() {
    const context = Object.fromEntries(this.#lines().filter(Boolean).map(pair));
    return {
      ...(Object.keys(context).length && { context }),
      ...(this.endUserId && { endUserId: this.endUserId }),
    };
  }

  /** Show the context, to be corrected. */
  correct() {
    this.element.open = true;
    this.values.focus();
  }

  #lines() {
    return this.values.value.split("\n").map((line) => line.trim());
  }
}

/** @param {string} line @returns {[string, string]} a name, which is empty where there is no `=`, and a value */
function pair(line) {
  const at = line.indexOf("=");
  return at < 0 ? ["", line] : [line.slice(0, at).trim(), line.slice(at + 1).trim()];
}
