// What is served, asked once and kept while the page is open.

import * as queries from "./queries.js";
import { chosenRelease } from "./routes.js";

const known = new Map();

/** The record of the release that the address names, or of the server's current one. */
export async function servedRelease(signal) {
  const name = chosenRelease();
  if (!known.has(name)) known.set(name, await queries.release({ signal }));
  return known.get(name);
}

/** Ask anew the next time. */
export function forget() {
  known.clear();
}
