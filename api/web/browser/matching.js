// Which part of a term is what was typed: words begin alike once case and accents are folded; ñ is a letter.

function folded(character) {
  const lower = character.toLowerCase();
  if (lower === "ñ") return "ñ";
  return lower.normalize("NFD").replace(/\p{M}/gu, "") || character;
}

/** The text without case and accents, ñ kept, for comparing. */
export function fold(text) {
  return [...text.normalize("NFC")].map(folded).join("");
}

/** The term in pieces `{text, matched}`, in order; together they are the term. */
export function matchedPieces(term, typed) {
  const wanted = fold(typed).split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const characters = [...term.normalize("NFC")];
  const marks = new Array(characters.length).fill(false);
  for (let start = 0; start < characters.length; start += 1) {
    const begins = isLetter(characters[start]) && (start === 0 || !isLetter(characters[start - 1]));
    if (!begins) continue;
    const longest = Math.max(0, ...wanted.map((word) => lengthOf(word, characters, start)));
    marks.fill(true, start, start + longest);
  }
  const pieces = [];
  characters.forEach((character, at) => {
    const last = pieces.at(-1);
    if (last && last.matched === marks[at]) last.text += character;
    else pieces.push({ text: character, matched: marks[at] });
  });
  return pieces;
}

function isLetter(character) {
  return /[\p{L}\p{N}\p{M}]/u.test(character);
}

/** How many characters from `start` on are `word` once folded; 0 where it does not begin there. */
function lengthOf(word, characters, start) {
  let rest = word;
  let at = start;
  while (rest && at < characters.length) {
    const next = folded(characters[at]);
    if (!rest.startsWith(next)) return 0;
    rest = rest.slice(next.length);
    at += 1;
  }
  return rest ? 0 : at - start;
}
