// Calls of the Connect protocol in JSON: single replies, and streams of the server.

const UNARY = "application/json";
const STREAM = "application/connect+json";
const COMPRESSED = 1;
const END = 2;
const HEAD = 5;
/** The message of a call whose credential no header can carry. */
export const NOT_ASCII = "NOT_ASCII";
const SENDABLE = /^[\x20-\x7e]*$/u;
/** The message of a call that was not sent again after the user had signed in anew. */
export const SIGNED_IN_AGAIN = "SIGNED_IN_AGAIN";
const CODES = {
  400: "invalid_argument",
  401: "unauthenticated",
  403: "permission_denied",
  404: "unimplemented",
  408: "deadline_exceeded",
  409: "aborted",
  413: "resource_exhausted",
  429: "resource_exhausted",
  501: "unimplemented",
  502: "unavailable",
  503: "unavailable",
  504: "deadline_exceeded",
};

/** A call that has failed, as the server or the connection says it. */
export class CallError extends Error {
  /**
   * @param {string} code of the Connect protocol
   * @param {string} message
   * @param {{type?: string, debug?: any}[]} details of google.rpc
   */
  constructor(code, message, details = []) {
    super(message);
    this.code = code;
    const info = detail(details, "google.rpc.ErrorInfo");
    /** The reason from ErrorReason, without its prefix; empty where the service has given none. */
    this.reason = info.reason ?? "";
    /** @type {Record<string, string>} */
    this.metadata = info.metadata ?? {};
    /** Milliseconds to wait before the call is sent again; null where nobody says. */
    this.retryAfter = seconds(detail(details, "google.rpc.RetryInfo").retryDelay);
    /** @type {{field: string, description: string}[]} */
    this.violations = detail(details, "google.rpc.BadRequest").fieldViolations ?? [];
  }
}

/** Calls methods of the server that the page comes from. */
export class Client {
  /** @param {import("./session.js").Session} session whose credentials are sent */
  constructor(session) {
    this.session = session;
  }

  /**
   * Make a call that has one reply.
   *
   * A call that only reads is sent again once the user has signed in anew; one that changes something is not, so that
   * nothing is decided in the name of somebody else.
   *
   * @param {string} method such as `groundwire.v1.ReviewService/GetReview`
   * @param {object} request
   * @param {{signal?: AbortSignal, reads?: boolean}} options
   * @returns {Promise<any>}
   */
  async call(method, request, { signal, reads = false } = {}) {
    try {
      return await this.#reply(method, request, signal);
    } catch (wrong) {
      if (!isExpired(wrong)) throw wrong;
      const same = await this.session.renew();
      if (!reads || !same) throw new CallError("canceled", SIGNED_IN_AGAIN);
      return this.#reply(method, request, signal);
    }
  }

  /**
   * Make a call that has one reply, without asking for another credential.
   *
   * @param {string} method
   * @param {object} request
   * @returns {Promise<any>}
   */
  once(method, request) {
    return this.#reply(method, request);
  }

  /**
   * Yield the messages of a stream as they come.
   *
   * @param {string} method
   * @param {object} request
   * @param {{signal?: AbortSignal}} options
   * @returns {AsyncGenerator<any>}
   */
  async *stream(method, request, { signal } = {}) {
    for (let begun = false, renewed = false; ; renewed = true) {
      try {
        const response = await this.#post(method, STREAM, enveloped(encoded(request)), signal);
        if (!response.ok || !response.body) throw await failureOf(response);
        for await (const message of messages(response.body.getReader(), signal)) {
          begun = true;
          yield message;
        }
        return;
      } catch (wrong) {
        if (begun || renewed || !isExpired(wrong)) throw wrong;
        if (!(await this.session.renew())) throw new CallError("canceled", SIGNED_IN_AGAIN);
      }
    }
  }

  /** @param {string} method @param {object} request @param {AbortSignal} [signal] */
  async #reply(method, request, signal) {
    const response = await this.#post(method, UNARY, encoded(request), signal);
    if (!response.ok) throw await failureOf(response);
    return response.json().catch(() => Promise.reject(broken()));
  }

  /** @param {string} method @param {string} type @param {Uint8Array<ArrayBuffer>} body @param {AbortSignal} [signal] */
  async #post(method, type, body, signal) {
    const headers = { "content-type": type, "connect-protocol-version": "1", ...this.session.headers() };
    if (!Object.values(headers).every((value) => SENDABLE.test(value))) throw new CallError("invalid_argument", NOT_ASCII);
    try {
      return await fetch(`/${method}`, {
        method: "POST",
        headers,
        body,
        signal,
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
      });
    } catch (wrong) {
      if (signal?.aborted) throw wrong;
      throw new CallError("unavailable", "the server cannot be reached", []);
    }
  }

}

/**
 * Yield the messages in the envelopes of a body.
 *
 * @param {ReadableStreamDefaultReader<Uint8Array>} reader
 * @param {AbortSignal} [signal]
 */
export async function* messages(reader, signal) {
  const envelopes = envelopesOf(reader, signal);
  try {
    for await (const { flags, text } of envelopes) {
      if (flags & COMPRESSED) throw broken();
      const message = parsed(text);
      if (!(flags & END)) {
        yield message;
        continue;
      }
      if (message.error) throw errorOf(message.error);
      return;
    }
    throw new CallError("unavailable", "the connection was lost");
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/**
 * Return milliseconds of a duration in JSON, such as `1.5s`; null without one.
 *
 * @param {string | undefined} duration
 * @returns {number | null}
 */
export function seconds(duration) {
  const value = duration?.endsWith("s") ? Number(duration.slice(0, -1)) : NaN;
  return Number.isFinite(value) ? value * 1000 : null;
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {AbortSignal} [signal] */
async function* envelopesOf(reader, signal) {
  const decoder = new TextDecoder();
  let held = new Uint8Array(0);
  for (;;) {
    const { done, value } = await read(reader, signal);
    if (done) return;
    held = joined(held, value);
    while (held.length >= HEAD) {
      const length = new DataView(held.buffer, held.byteOffset).getUint32(1);
      if (held.length < HEAD + length) break;
      yield { flags: held[0], text: decoder.decode(held.subarray(HEAD, HEAD + length)) };
      held = held.subarray(HEAD + length);
    }
  }
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {AbortSignal} [signal] */
async function read(reader, signal) {
  try {
    return await reader.read();
  } catch (wrong) {
    if (signal?.aborted) throw wrong;
    throw new CallError("unavailable", "the connection was lost");
  }
}

/** @param {Response} response */
async function failureOf(response) {
  const shown = await response.json().catch(() => ({}));
  const code = /** @type {Record<number, string>} */ (CODES)[response.status] ?? "unknown";
  return errorOf(shown.code ? shown : { code, message: `the server answered with status ${response.status}` });
}

/** @param {unknown} wrong */
function isExpired(wrong) {
  return wrong instanceof CallError && wrong.code === "unauthenticated";
}

/** @param {{code?: string, message?: string, details?: any[]}} shown */
function errorOf(shown) {
  return new CallError(shown.code ?? "unknown", shown.message ?? "", shown.details ?? []);
}

/** @param {{type?: string, debug?: any}[]} details @param {string} type */
function detail(details, type) {
  return details.find((each) => each.type === type)?.debug ?? {};
}

/** @param {object} request */
function encoded(request) {
  return new TextEncoder().encode(JSON.stringify(request));
}

/** @param {Uint8Array} payload */
function enveloped(payload) {
  const envelope = new Uint8Array(HEAD + payload.length);
  new DataView(envelope.buffer).setUint32(1, payload.length);
  envelope.set(payload, HEAD);
  return envelope;
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw broken();
  }
}

function broken() {
  return new CallError("internal", "the server's answer cannot be read");
}

/** @param {Uint8Array} first @param {Uint8Array} second */
function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
