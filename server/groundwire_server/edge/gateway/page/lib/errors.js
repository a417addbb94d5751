// A failed call in one sentence that says what to do.

import { CallError, NOT_ASCII, SIGNED_IN_AGAIN } from "./connect.js";

/** @type {Record<string, (error: CallError) => string>} */
const REASONS = {
  INVALID_REQUEST: (error) => {
    const [first] = error.violations;
    return first ? `Check ${first.field || "the request"}: ${first.description}.` : "Check what you have entered.";
  },
  ROUTE_UNKNOWN: () => "The server no longer has this route. Reload the page to see which there are.",
  UNAUTHENTICATED: () => "The credential was not accepted. Sign in with another one.",
  FORBIDDEN: (error) =>
    error.metadata.role
      ? `You need the role “${error.metadata.role}” for this. Ask an operator for it.`
      : "Your credential does not allow this. Ask an operator.",
  REQUEST_IN_FLIGHT: () => "The same question is being answered already. Wait a moment, then try again.",
  OPERATION_NOT_FOUND: () => "The operation is no longer kept. Ask the question again.",
  OPERATION_EXPIRED: () => "No answer came in time. Ask the question again.",
  REVIEW_NOT_FOUND: () => "There is no such review any more. Choose another one from the queue.",
  REVIEW_CLAIMED: () => "Another reviewer holds this review. Take another one, or wait until it is free.",
  REVIEW_NOT_CLAIMED: () => "You do not hold this review, or no longer. Claim it (c), then decide; your text is kept.",
  REVIEW_DECIDED: () => "This review has been decided already, or has expired. Nothing was changed; choose another one.",
  REVIEW_CHANGED: () => "The review has changed since you read it. It was read again: check it, then decide.",
  REVIEW_OWN: () => "You asked this question yourself. Another reviewer has to decide.",
  REVIEW_NO_DRAFT: () => "There is no draft to approve. Write an answer (e), or reject the review (x).",
  REVIEW_TEXT_UNSUPPORTED: () =>
    "Sentences of your text are not supported well enough to leave. Change those marked below, or accept them where the route allows it.",
  FEATURE_NOT_OFFERED: (error) => `This server does not offer ${feature(error)}.`,
  STORE_UNAVAILABLE: () => "The document store cannot be reached. Try again in a while.",
  RECORDS_UNAVAILABLE: () => "The database of records cannot be reached. Nothing was lost; try again in a while.",
  DEADLINE_EXCEEDED: () => "The call took longer than its time. Try again.",
  CANCELLED: () => "The answer was cancelled.",
  SHUTTING_DOWN: () => "The server is shutting down. Try again in a while.",
  QUOTA_EXCEEDED: (error) => `A limit is used up (${error.metadata.quota ?? "quota"}). Try again later.`,
  OVERLOADED: () => "The server has too much to do. Try again in a while.",
  QUEUE_FULL: () => "Too many questions wait already. Try again in a while.",
  RIGHTS_WITHDRAWN: () => "The credential that the question was asked with has been revoked. Ask it again.",
  ERASED: () => "The texts of this question were erased.",
  CONTENT_FORBIDDEN: () => "Policy forbids this content.",
  INTERNAL: () => "Something went wrong in the server. Tell an operator, with the time.",
};

/** @type {Record<string, string>} */
const CODES = {
  unauthenticated: "The credential was not accepted. Sign in with another one.",
  permission_denied: "Your credential does not allow this. Ask an operator.",
  unavailable: "The server cannot be reached. Check your connection, then try again; what you typed is still here.",
  resource_exhausted: "That is too much at once. Try again in a while.",
  unimplemented: "This server does not offer this.",
  deadline_exceeded: "The call took longer than its time. Try again.",
  canceled: "The call was cancelled.",
  internal: "Something went wrong in the server. Tell an operator, with the time.",
};

/**
 * Return what to tell the user.
 *
 * @param {unknown} wrong
 * @returns {string}
 */
export function sentenceOf(wrong) {
  if (!(wrong instanceof CallError)) return "Something went wrong in this page. Reload it; what you typed is kept.";
  if (wrong.message === SIGNED_IN_AGAIN) return "You are signed in again. Nothing was sent: press the button once more.";
  if (wrong.message === NOT_ASCII) return "Credentials and names consist of unaccented letters, digits and signs of ASCII: check what you entered.";
  const said = REASONS[wrong.reason]?.(wrong) ?? CODES[wrong.code] ?? "The call failed. Try again.";
  return wrong.retryAfter && wrong.retryAfter >= 1000 ? `${said} (${Math.ceil(wrong.retryAfter / 1000)} s)` : said;
}

/** @param {unknown} wrong whether somebody has ended it on purpose */
export function isAbort(wrong) {
  return wrong instanceof DOMException && wrong.name === "AbortError";
}

/** @param {CallError} error */
function feature(error) {
  return (error.metadata.feature ?? "this").toLowerCase().replaceAll("_", " ");
}
