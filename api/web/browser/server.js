// Asking the server: one POST to /graphql, and one kind of error for all that can go wrong.

import { token } from "./preferences.js";

const ADDRESS = new URL("graphql", document.baseURI.split("#")[0]);

/** What went wrong. `code` is the server's, or NETWORK, UNAUTHORIZED, FORBIDDEN, NO_ANSWER of this page. */
export class ServerError extends Error {
  constructor(message, { code = "NO_ANSWER", argument = "", line = 0, column = 0, retryAfter = 0 } = {}) {
    super(message);
    Object.assign(this, { code, argument, line, column, retryAfter });
  }

  /** Whether the same question may be answered a little later. */
  get passes() {
    return ["SERVER_BUSY", "NOT_READY", "NETWORK"].includes(this.code);
  }
}

/**
 * The data of an answer. Raises ServerError, and AbortError where `signal` ended the request. With `partial`,
 * data that has errors beside it is taken as well.
 */
export async function ask(query, variables = {}, { signal, partial = false } = {}) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (token()) headers.Authorization = `Bearer ${token()}`;
  let answer;
  try {
    answer = await fetch(ADDRESS, {
      method: "POST",
      headers,
      body: JSON.stringify({ query, variables }),
      signal,
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServerError("", { code: "NETWORK" });
  }
  const said = await readJson(answer, signal);
  const error = said?.errors?.[0];
  if (partial && said?.data) return said.data;
  if (error || !answer.ok || !said?.data) throw errorOf(answer, error);
  return said.data;
}

/** As `ask`, and once more, later, where the server is busy or away: at most `times` times. */
export async function askPatiently(query, variables, { signal, times = 5, waiting = () => {} } = {}) {
  for (let tried = 1; ; tried += 1) {
    try {
      return await ask(query, variables, { signal });
    } catch (error) {
      if (!error.passes || tried >= times) throw error;
      const seconds = error.retryAfter || 2 ** (tried - 1);
      waiting(seconds, error);
      await pause(seconds * 1000, signal);
    }
  }
}

async function readJson(answer, signal) {
  try {
    return await answer.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    return null;
  }
}

const STATUS_CODES = { 401: "UNAUTHORIZED", 403: "FORBIDDEN", 413: "REQUEST_TOO_LARGE", 429: "SERVER_BUSY" };
const OWN_CODES = { TOKEN_REFUSED: "UNAUTHORIZED", SCOPE_MISSING: "FORBIDDEN" };

function errorOf(answer, error) {
  const told = error?.extensions ?? {};
  const waits = Number.parseFloat(answer.headers.get("Retry-After") ?? "");
  return new ServerError(error?.message ?? "", {
    ...told,
    code: STATUS_CODES[answer.status] ?? OWN_CODES[told.code] ?? told.code ?? (answer.status === 503 ? "SERVER_BUSY" : "NO_ANSWER"),
    retryAfter: Number.isFinite(waits) ? waits : 0,
  });
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
