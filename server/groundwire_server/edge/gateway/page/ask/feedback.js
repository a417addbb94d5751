// What a user says of an answer: a rating, and with a bad one what is wrong.

import { notify } from "../lib/announce.js";
import { fill, h } from "../lib/dom.js";
import { sentenceOf } from "../lib/errors.js";
import { checkboxes, checked } from "../lib/forms.js";
import { FAULTS } from "../lib/words.js";

const METHOD = "groundwire.v1.FeedbackService/SubmitFeedback";

/**
 * Return the buttons and the form.
 *
 * @param {import("../lib/connect.js").Client} client
 * @param {any} report of the outcome
 * @param {string} endUserId for whom it was asked; empty for nobody
 */
export function feedback(client, report, endUserId) {
  const place = h("div", { class: "feedback" });
  const ask = () =>
    fill(
      place,
      h("span", {}, "Was this answer good?"),
      h("button", { type: "button", on: { click: () => send({ rating: "RATING_UP" }) } }, "Yes"),
      h("button", { type: "button", on: { click: () => explain() } }, "No"),
    );
  const explain = () => {
    const faults = checkboxes("What is wrong with it?", FAULTS);
    const correction = h("textarea", { rows: 3, maxlength: 16384 });
    const comment = h("textarea", { rows: 2, maxlength: 4096 });
    const submit = (/** @type {Event} */ event) => {
      event.preventDefault();
      send({
        rating: "RATING_DOWN",
        faults: checked(faults).map((fault) => `ANSWER_FAULT_${fault}`),
        correction: /** @type {HTMLTextAreaElement} */ (correction).value,
        comment: /** @type {HTMLTextAreaElement} */ (comment).value,
      });
    };
    fill(
      place,
      h(
        "form",
        { class: "card", on: { submit } },
        faults,
        h("label", {}, "The answer as it should have been (optional)", correction),
        h("label", {}, "Comment (optional)", comment),
        h("div", { class: "row" }, h("button", { class: "primary" }, "Send feedback"), h("button", { type: "button", on: { click: ask } }, "Cancel")),
      ),
    );
    faults.querySelector("input")?.focus();
  };
  const send = async (/** @type {object} */ said) => {
    try {
      const { requestId, traceId, route } = report;
      const reply = await client.call(METHOD, { requestId, traceId, route, ...(endUserId && { endUserId }), ...said });
      fill(place, h("span", {}, reply.answerKept ? "Thank you. It helps to tune this service." : "Thank you."));
    } catch (wrong) {
      notify(sentenceOf(wrong), "failed");
    }
  };
  ask();
  return place;
}
