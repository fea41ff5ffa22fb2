/* What makes a sentence hard to read for somebody whose language English is not. */

/** After one of these words "where" asks for a place: "says where", "stays where", "from where". */
const ASKS_FOR_A_PLACE =
  /\b(?:is|are|was|were|stays?|to|from|about|knows?|says?|tells?|told|shows?|seen?|asks?|looks?|decides?|wonder|place) $/i;

/** The "where" of a condition. One that begins a sentence names a place if no comma follows. */
function conditions(sentence: string): number {
  return [...sentence.matchAll(/\bwhere\b/gi)].filter(({ index }) => {
    const before = sentence.slice(0, index);
    const after = sentence.slice(index + 'where'.length);
    if (/^(?:\W*$|[.;,:])/.test(after) || ASKS_FOR_A_PLACE.test(before)) return false;
    return !/(?:^|[:.;] )\W*$/.test(before) || (after.includes(', ') && !after.includes('?'));
  }).length;
}

const matches = (pattern: RegExp) => (sentence: string) => [...sentence.matchAll(pattern)].length;

/** How often a sentence has each of them. */
export const HARD = {
  /** "where" for "if". */
  where: conditions,
  /** A unit that follows its sentence, instead of one in the name: "How long it waits, ms." */
  unit: matches(/[,:] (?:ms|s|bytes|seconds|milliseconds|minutes)(?=[.;:,)]|$)/g),
  /** More than thirty words. */
  long: (sentence: string) =>
    sentence.split(' ').filter((word) => /\w/.test(word)).length > 30 ? 1 : 0,
  /** A number without a noun: "for so long", "at most so many". */
  so: matches(/\bso (?:many|long|much|few|often|late)\b/gi),
  /** "else" for "otherwise". */
  else: matches(/(?:^|[,;:.(] |\b(?:and|but) )else\b/gi),
} as const;
