// The audit trail of a review: who did what, and when. For operators.

import { fill, h } from "../lib/dom.js";
import { sentenceOf } from "../lib/errors.js";
import { moment } from "../lib/time.js";

const LIST = "groundwire.v1.AuditService/ListAuditEntries";
/** @type {Record<string, string>} */
const EVENTS = {
  "review.opened": "opened",
  "review.claimed": "claimed",
  "review.released": "released",
  "review.read": "read",
  "review.approved": "approved",
  "review.edited": "edited",
  "review.rejected": "rejected",
  "review.expired": "expired",
  "review.withdrawn": "withdrawn",
};

/**
 * Return the trail behind a fold, which is read when it is opened; null where the user may not see it.
 *
 * @param {import("../lib/connect.js").Client} client
 * @param {import("../lib/session.js").Session} session
 * @param {string} ticket
 */
export function trail(client, session, ticket) {
  if (!session.offers("AUDIT") || !session.is("OPERATOR")) return null;
  const place = h("div", {}, "Reading…");
  const fold = h("details", { class: "fold" }, h("summary", {}, "Audit trail"), place);
  fold.addEventListener("toggle", async () => {
    if (!(/** @type {HTMLDetailsElement} */ (fold).open)) return;
    try {
      const { entries = [] } = await client.call(LIST, { target: `reviews/${ticket}`, pageSize: 1000 }, { reads: true });
      fill(place, table(entries));
    } catch (wrong) {
      fill(place, sentenceOf(wrong));
    }
  });
  return fold;
}

/** @param {any[]} entries */
function table(entries) {
  return h(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": "Audit trail" },
    h(
      "table",
      { class: "plain" },
      h("thead", {}, h("tr", {}, ["No.", "Time", "Who", "What", "Details"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, entries.map((entry) =>
        h("tr", {},
          h("td", { class: "count" }, entry.sequence),
          h("td", {}, moment(entry.time)),
          h("td", {}, entry.actor || "the service"),
          h("td", {}, EVENTS[entry.event] ?? entry.event),
          h("td", { class: "quiet" }, Object.entries(entry.details ?? {}).map(([name, value]) => `${name} ${value}`).join(", ")),
        ),
      )),
    ),
  );
}
