// Messages: short ones that fade, and those that screen readers say without one being shown.

import { byId, fill, h } from "./dom.js";

const SHOWN_FOR = 6000;

/**
 * Have a screen reader say a text.
 *
 * @param {string} text
 */
export function say(text) {
  fill(byId("spoken"), text);
}

/**
 * Show a message for a while. A failure stays until it is dismissed.
 *
 * @param {string} text
 * @param {"done" | "failed"} kind
 */
export function notify(text, kind = "done") {
  const place = byId("messages");
  const dismiss = () => message.remove();
  const message = h(
    "div",
    { class: `message ${kind}`, role: kind === "failed" ? "alert" : "status" },
    h("span", {}, text),
    h("button", { type: "button", class: "quiet", "aria-label": "Dismiss this message", on: { click: dismiss } }, "×"),
  );
  for (const earlier of [...place.children]) if (earlier.textContent === message.textContent) earlier.remove();
  place.append(message);
  while (place.children.length > 3) place.firstElementChild?.remove();
  if (kind === "done") setTimeout(dismiss, SHOWN_FOR);
}
