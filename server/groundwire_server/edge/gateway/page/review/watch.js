// Changes of reviews as they happen: a stream, and the list again every so often where there is none.

import { pause } from "../ask/operation.js";
import { CallError } from "../lib/connect.js";
import { isAbort } from "../lib/errors.js";
import { clock } from "../lib/time.js";

const WATCH = "groundwire.v1.ReviewService/WatchReviews";
const SHORTEST = 1000;
const LONGEST = 30_000;
const POLL = 15_000;

/** @typedef {{review?: any, standing: "live" | "polling" | "lost", said: string}} Change */

/**
 * Yield each change, and how the page learns of them.
 *
 * @param {import("../lib/connect.js").Client} client
 * @param {object} filter
 * @param {() => Promise<void>} reread reads the list again
 * @param {AbortSignal} signal
 * @returns {AsyncGenerator<Change>}
 */
export async function* changes(client, filter, reread, signal) {
  for (let wait = SHORTEST; ; wait = Math.min(2 * wait, LONGEST)) {
    try {
      for await (const { review } of client.stream(WATCH, { filter }, { signal })) {
        wait = SHORTEST;
        yield { review, standing: "live", said: "Live" };
      }
    } catch (wrong) {
      if (isAbort(wrong) || !(wrong instanceof CallError) || isFinal(wrong)) throw wrong;
      if (wrong.code === "unimplemented") {
        yield* polled(reread, signal);
        return;
      }
      wait = Math.max(wait, Math.min(wrong.retryAfter ?? 0, LONGEST));
    }
    yield { standing: "lost", said: "Connection lost, trying again…" };
    // Not all pages of a server that comes back ask at the same moment.
    await pause(wait * (0.5 + Math.random() / 2), signal);
    const again = await read(reread, signal);
    if (again) yield again;
  }
}

/** @param {() => Promise<void>} reread @param {AbortSignal} signal @returns {AsyncGenerator<Change>} */
async function* polled(reread, signal) {
  yield { standing: "polling", said: `Read at ${clock(Date.now())}` };
  for (;;) {
    await pause(POLL, signal);
    const again = await read(reread, signal);
    if (again) yield again;
  }
}

/** @param {() => Promise<void>} reread @param {AbortSignal} signal @returns {Promise<Change | null>} */
async function read(reread, signal) {
  try {
    await reread();
    return { standing: "polling", said: `Read at ${clock(Date.now())}` };
  } catch (wrong) {
    if (isAbort(wrong) || signal.aborted || !(wrong instanceof CallError) || isFinal(wrong)) throw wrong;
    return null;
  }
}

/** @param {CallError} wrong whether to give up; one whose credential has expired signs in at the next call */
function isFinal(wrong) {
  return ["permission_denied", "invalid_argument", "canceled"].includes(wrong.code);
}
