// Stretches of texts: the contract counts UTF-16 units as well, which are what strings have here.

/** @typedef {{startUtf16Unit?: number, endUtf16Unit?: number}} Span */
/** @typedef {{start: number, end: number, kind: string, title?: string}} Mark */

/** @param {string} text @param {Span | undefined} span */
export function slice(text, span) {
  return text.slice(span?.startUtf16Unit ?? 0, span?.endUtf16Unit ?? 0);
}

/**
 * Return a mark for a span.
 *
 * @param {Span | undefined} span
 * @param {string} kind
 * @param {string} [title]
 * @returns {Mark}
 */
export function markOf(span, kind, title) {
  return { start: span?.startUtf16Unit ?? 0, end: span?.endUtf16Unit ?? 0, kind, title };
}

/**
 * Cut a stretch of a text where marks begin and end. Marks may lie over each other.
 *
 * @param {string} text
 * @param {Mark[]} marks positions are those of the whole text
 * @param {number} start
 * @param {number} end
 * @returns {{text: string, marks: Mark[]}[]} the pieces in order, each with the marks that it lies in
 */
export function pieces(text, marks, start = 0, end = text.length) {
  const within = marks.filter((mark) => mark.start < end && mark.end > start && mark.start < mark.end);
  const cuts = [start, end, ...within.flatMap((mark) => [mark.start, mark.end])].filter((at) => at >= start && at <= end);
  const places = [...new Set(cuts)].sort((one, other) => one - other);
  return places.slice(0, -1).map((from, index) => ({
    text: text.slice(from, places[index + 1]),
    marks: within.filter((mark) => mark.start <= from && mark.end >= places[index + 1]),
  }));
}

/**
 * Find words in a text, even where lines break differently.
 *
 * @param {string} text
 * @param {string | undefined} words
 * @returns {{start: number, end: number} | null}
 */
export function find(text, words) {
  const sought = words?.trim();
  if (!sought) return null;
  const exact = text.indexOf(sought);
  if (exact >= 0) return { start: exact, end: exact + sought.length };
  const pattern = sought.split(/\s+/u).map(escaped).join("\\s+");
  const found = new RegExp(pattern, "iu").exec(text);
  return found && { start: found.index, end: found.index + found[0].length };
}

/** @param {string} words */
function escaped(words) {
  return words.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
}
