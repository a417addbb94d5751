// An answer that comes later: followed until it is done, over lost connections.

import { CallError } from "../lib/connect.js";
import { isAbort } from "../lib/errors.js";
import { OPERATION_STATES, meaning } from "../lib/words.js";

const WATCH = "groundwire.v1.OperationService/WatchOperation";
const SHORTEST = 1000;
const LONGEST = 30_000;

/**
 * Follow an operation, and return its outcome.
 *
 * @param {import("../lib/connect.js").Client} client
 * @param {string} name of the operation
 * @param {(said: string) => void} show where it stands
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export async function follow(client, name, show, signal) {
  for (let wait = SHORTEST; ; wait = Math.min(2 * wait, LONGEST)) {
    try {
      for await (const { operation } of client.stream(WATCH, { name }, { signal })) {
        wait = SHORTEST;
        if (!operation) continue;
        if (operation.error) throw failureOf(operation.error);
        if (operation.done) return operation.response?.outcome ?? {};
        show(standing(operation.metadata ?? {}));
      }
    } catch (wrong) {
      if (isAbort(wrong) || !(wrong instanceof CallError) || !isPassing(wrong)) throw wrong;
      show("The connection was lost. The answer is not: this page asks again.");
    }
    await pause(wait, signal);
  }
}

/**
 * Wait, or be ended.
 *
 * @param {number} time in milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function pause(time, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, time);
    const end = () => {
      clearTimeout(timer);
      reject(new DOMException("ended", "AbortError"));
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
  });
}

/** @param {any} metadata */
function standing(metadata) {
  const said = meaning(OPERATION_STATES, metadata.state, "STATE_");
  return metadata.position ? `${said} Questions ahead: ${metadata.position}.` : said;
}

/** @param {CallError} wrong whether it may pass by itself */
function isPassing(wrong) {
  return ["unavailable", "deadline_exceeded", "resource_exhausted"].includes(wrong.code);
}

/** @param {{message?: string, details?: any[]}} status of google.rpc, whose details are Any in JSON */
function failureOf({ message = "", details = [] }) {
  const known = details.map((each) => ({ type: String(each["@type"] ?? "").split("/").pop(), debug: each }));
  return new CallError("failed_precondition", message, known);
}
