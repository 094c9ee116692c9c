// Tables as text: read with whatever separator and encoding they have, written as CSV.

const SEPARATORS = [",", ";", "\t", "|"];

/** The text of a file's bytes: UTF-8, UTF-16 with its mark, else Windows-1252, which holds Latin-1. */
export function decode(bytes) {
  const view = new Uint8Array(bytes);
  if (view[0] === 0xff && view[1] === 0xfe) return { text: new TextDecoder("utf-16le").decode(view), encoding: "UTF-16" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(view), encoding: "UTF-8" };
  } catch {
    return { text: new TextDecoder("windows-1252").decode(view), encoding: "Windows-1252" };
  }
}

/** The separator of a table: the one that its first row has most of, outside quotes. */
export function separatorOf(text) {
  const seen = new Map(SEPARATORS.map((one) => [one, 0]));
  let quoted = false;
  for (const character of text) {
    if (character === '"') quoted = !quoted;
    else if (!quoted && (character === "\n" || character === "\r")) break;
    else if (!quoted && seen.has(character)) seen.set(character, seen.get(character) + 1);
  }
  const [best, most] = [...seen].reduce((one, other) => (other[1] > one[1] ? other : one));
  return most ? best : ",";
}

/**
 * The rows of a table, each a list of cells; blank lines are left out. Quotes hold separators, line breaks and
 * doubled quotes, as RFC 4180 says; a quote within a bare cell is a character as any other.
 */
export function parse(text, separator = separatorOf(text)) {
  const rows = [];
  let row = [];
  let cell = "";
  let quoted = false;
  let wasQuoted = false;
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  const endCell = () => {
    row.push(cell);
    cell = "";
    wasQuoted = false;
  };
  const endRow = () => {
    const blank = row.length === 0 && cell === "" && !wasQuoted;
    endCell();
    if (!blank) rows.push(row);
    row = [];
  };
  for (; at < text.length; at += 1) {
    const character = text[at];
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (character === '"' && cell === "" && !wasQuoted) quoted = wasQuoted = true;
    else if (character === separator) endCell();
    else if (character === "\n") endRow();
    else if (character === "\r") {
      if (text[at + 1] === "\n") at += 1;
      endRow();
    } else cell += character;
  }
  if (cell !== "" || row.length || wasQuoted) endRow();
  return rows;
}

/** Rows as CSV with a byte order mark, by which Excel knows UTF-8. */
export function csv(rows, separator = ",") {
  const cell = (value) => {
    const text = value === null || value === undefined ? "" : String(value);
    return text.includes(separator) || /["\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return `\ufeff${rows.map((row) => row.map(cell).join(separator)).join("\r\n")}\r\n`;
}
