// Parts of forms that several views share.

import { h } from "./dom.js";

/**
 * Return a group of checkboxes.
 *
 * @param {string} legend
 * @param {Record<string, string>} words by their values
 * @param {string[]} chosen
 */
export function checkboxes(legend, words, chosen = []) {
  return h(
    "fieldset",
    { class: "checks" },
    h("legend", {}, legend),
    Object.entries(words).map(([value, said]) =>
      h("label", { class: "check" }, h("input", { type: "checkbox", value, checked: chosen.includes(value) }), " ", said),
    ),
  );
}

/** @param {Element} group @returns {string[]} the values of the boxes that are checked */
export function checked(group) {
  const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (group.querySelectorAll("input:checked"));
  return [...boxes].map((box) => box.value);
}

/**
 * Have Ctrl+Enter, or Cmd+Enter, send a form.
 *
 * @param {HTMLElement} form
 */
export function sendByKey(form) {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    /** @type {HTMLFormElement} */ (form).requestSubmit();
  });
  return form;
}

/**
 * Return a choice among words.
 *
 * @param {string} label
 * @param {[string, string][]} options values and words
 * @param {string} value chosen
 * @param {(value: string) => void} change
 */
export function choice(label, options, value, change) {
  const select = /** @type {HTMLSelectElement} */ (
    h("select", {}, options.map(([each, said]) => h("option", { value: each, selected: each === value }, said)))
  );
  select.addEventListener("change", () => change(select.value));
  return h("label", { class: "choice" }, label, select);
}
