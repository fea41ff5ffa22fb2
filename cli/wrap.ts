/** What is printed for people fits this many columns. */
export const COLUMNS = 100;
/** Of one text so much is shown; `--json` has all of it. */
const LONGEST = 2_000;

/** A text in lines of `width` at most, broken at spaces, and within a word where one is longer. */
export function wrap(text: string, width: number): string[] {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
  const lines: string[] = [];
  let line = '';
  for (const word of cut.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (longer.length <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (line.length > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  return [...lines, line];
}

/** A label and a text beside it, indented as a whole. */
export function labelled(
  label: string,
  text: string,
  indent: number,
  labelWidth: number,
): string[] {
  const room = COLUMNS - indent - labelWidth;
  return wrap(text, room).map((line, at) => {
    const head = at === 0 ? label : '';
    return `${' '.repeat(indent)}${head.padEnd(labelWidth)}${line}`.trimEnd();
  });
}
