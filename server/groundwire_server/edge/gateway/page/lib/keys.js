// Single keys for what reviewers do often. They can be switched off, as speech input types letters too.

import { byId, fill, h } from "./dom.js";

const OFF = "groundwire.keys.off";

/** @typedef {{key: string, means: string, act: () => void}} Binding */

/** @type {() => Binding[]} */
let current = () => [];

/** @param {() => Binding[]} bindings of the view that is shown */
export function useKeys(bindings) {
  current = bindings;
}

export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const dialog = document.querySelector("dialog[open]");
    if (dialog || isTyping(event.target)) return;
    if (event.key === "?") {
      event.preventDefault();
      showHelp();
      return;
    }
    if (areOff() && event.key !== "Escape") return;
    const binding = current().find((each) => each.key === event.key);
    if (!binding) return;
    event.preventDefault();
    binding.act();
  });
  byId("help-button").addEventListener("click", showHelp);
}

export function showHelp() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("help"));
  const rows = [...current(), { key: "?", means: "Show this help", act: () => undefined }];
  const toggle = h("input", { type: "checkbox", checked: !areOff(), on: { change: () => switchKeys(toggle) } });
  fill(
    dialog,
    h("h2", { id: "help-title" }, "Keyboard"),
    h("dl", { class: "keys" }, rows.map(({ key, means }) => h("div", {}, h("dt", {}, h("kbd", {}, named(key))), h("dd", {}, means)))),
    h("p", {}, "Tab reaches everything as well. Ctrl+Enter sends the form that you are in."),
    h("label", { class: "check" }, toggle, " Single keys are on"),
    h("form", { method: "dialog" }, h("button", { class: "primary" }, "Close")),
  );
  dialog.showModal();
}

/** @param {HTMLElement} toggle */
function switchKeys(toggle) {
  if (/** @type {HTMLInputElement} */ (toggle).checked) sessionStorage.removeItem(OFF);
  else sessionStorage.setItem(OFF, "1");
}

function areOff() {
  return sessionStorage.getItem(OFF) !== null;
}

/** @param {string} key */
function named(key) {
  return { Escape: "Esc" }[key] ?? key;
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}
