// Addresses. They stand behind the `#`, so that what is looked for never reaches a server's log.

/** `{path: ["concept", "HP:1"], given: {page: "2"}}` of `#/concept/HP:1?page=2`. */
export function read(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const parts = path.split("/").filter(Boolean).map(decoded);
  return { path: parts, given: Object.fromEntries(new URLSearchParams(query)) };
}

/** The address of a page; what is empty is left out. */
export function to(path, given = {}) {
  const query = new URLSearchParams();
  const release = chosenRelease();
  for (const [name, value] of Object.entries({ ...(release && { release }), ...given })) {
    if (value !== "" && value !== null && value !== undefined) query.set(name, value);
  }
  const written = path.map((part) => encodeURIComponent(part).replaceAll("%3A", ":")).join("/");
  return `#/${written}${query.size ? `?${query}` : ""}`;
}

export const concept = (id) => to(["concept", id]);
export const expression = (ecl, given = {}) => to(["ecl"], { e: ecl, ...given });

/** The release that the address names; empty for the server's current one. */
export function chosenRelease() {
  return read(location.hash).given.release ?? "";
}

/** The page of the address in another release, from its first page on; empty for the server's current one. */
export function inRelease(name) {
  const { path, given } = read(location.hash);
  const { release, page, after, ...rest } = given;
  return to(path, { ...rest, release: name });
}

/** Change the address without a new page: what is typed is not to fill the history. */
export function amend(address) {
  history.replaceState(history.state, "", address);
}

export function go(address) {
  location.hash = address;
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
