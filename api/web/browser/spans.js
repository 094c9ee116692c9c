// Which parts of a text are mentions: `{start, end}` in characters, in order, none over another. Who or what marks
// them does not matter here: a person, lines, punctuation.

/** The spans of the pieces of a text between separators, without the blanks around them. */
function pieces(text, separators) {
  const found = [];
  let start = 0;
  const end = (at) => {
    const piece = text.slice(start, at);
    const trimmed = piece.trim();
    if (/[\p{L}\p{N}]/u.test(trimmed)) {
      const from = start + piece.indexOf(trimmed);
      found.push({ start: from, end: from + trimmed.length });
    }
  };
  for (const separator of text.matchAll(separators)) {
    end(separator.index);
    start = separator.index + separator[0].length;
  }
  end(text.length);
  return found;
}

export function byLine(text) {
  return pieces(text, /\r?\n/g);
}

const PUNCTUATION = /[;:()[\]¿?¡!\n\r]+|,(?!\d)|\.(?=\s|$)(?!(?<=(?:^|\s)\p{L}{1,5}\.)\s+\p{Ll})/gu;

/** A comma or point within a number separates nothing, nor does that of an abbreviation with lower case after it. */
export function byPunctuation(text) {
  return pieces(text, PUNCTUATION);
}

/** From places counted in characters, as the server counts, to those of this language, which counts some as two. */
export function placesIn(text) {
  const places = [0];
  for (const character of text) places.push(places.at(-1) + character.length);
  return (place) => places[Math.min(place, places.length - 1)];
}

/** The spans with one more; those that it touches give way. */
export function withSpan(spans, added) {
  const apart = spans.filter((one) => one.end <= added.start || one.start >= added.end);
  return [...apart, added].sort((a, b) => a.start - b.start);
}

/** A span without the blanks at its ends; null where nothing is left. */
export function trimmed(text, { start, end }) {
  let from = start;
  let to = end;
  while (from < to && /\s/.test(text[from])) from += 1;
  while (to > from && /\s/.test(text[to - 1])) to -= 1;
  return from < to ? { start: from, end: to } : null;
}

/** Where the spans of a text are after an edit; those that the edit touched are gone. */
export function moved(spans, before, after) {
  let same = 0;
  const most = Math.min(before.length, after.length);
  while (same < most && before[same] === after[same]) same += 1;
  let tail = 0;
  while (tail < most - same && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const shift = after.length - before.length;
  return spans.flatMap((one) => {
    if (one.end <= same) return [one];
    if (one.start >= before.length - tail) return [{ start: one.start + shift, end: one.end + shift }];
    return [];
  });
}

/**
 * Whether a mention that was found adds to those before it. A recogniser of each type finds some words twice, and
 * parts of what is linked already that mean nothing by themselves.
 */
export function saysMore(one, before) {
  return !before.some((other) => other.start <= one.start && one.end <= other.end && (!one.decision.id || (one.start === other.start && one.end === other.end)));
}
