/** A line of a log group. */
export interface LogLine {
  readonly group: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

/** The query is not of the part of the language that is known here. */
class MalformedQuery extends Error {
  override readonly name = 'MalformedQueryException';
}

interface Query {
  readonly groups: readonly string[];
  /** Milliseconds since the epoch, both included. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * Answers a query of Logs Insights (Amazon CloudWatch Logs User Guide, "CloudWatch Logs Insights
 * language query syntax").
 * - It knows `fields`, `sort @timestamp` and `limit`.
 * - It knows `filter` by equality and `like`, joined by `and` or by `or`.
 *
 * @returns for each line the fields that it has.
 * @throws MalformedQuery for anything else.
 */
export function answerQuery(
  { groups, from, to, text }: Query,
  lines: readonly LogLine[],
): { readonly field: string; readonly value: string }[][] {
  let found = lines.filter(({ group, at }) => groups.includes(group) && at >= from && at <= to);
  let fields: string[] = ['@timestamp', '@message'];
  for (const command of text.split('|').map((each) => each.trim())) {
    const [, verb = '', rest = ''] = /^(\w+)\s+(.*)$/s.exec(command) ?? [];
    if (verb === 'fields') fields = rest.split(',').map((field) => field.trim());
    else if (verb === 'filter') found = found.filter(conditionOf(rest));
    else if (verb === 'sort') found = sorted(found, rest);
    else if (verb === 'limit' && /^\d+$/.test(rest)) found = found.slice(0, Number(rest));
    else throw new MalformedQuery(`unexpected symbol found ${command}`);
  }
  return found.map((line) =>
    fields.flatMap((field) => {
      const value = fieldOf(line, field);
      return value === undefined ? [] : [{ field, value }];
    }),
  );
}

function sorted(lines: readonly LogLine[], rest: string): LogLine[] {
  const [, order] = /^@timestamp\s+(asc|desc)$/.exec(rest) ?? [];
  if (order === undefined) throw new MalformedQuery(`unexpected symbol found sort ${rest}`);
  const ascending = lines.toSorted((a, b) => a.at - b.at);
  return order === 'asc' ? ascending : ascending.toReversed();
}

function conditionOf(text: string): (line: LogLine) => boolean {
  const parts = (word: string) => text.split(new RegExp(`\\s+${word}\\s+`));
  if (parts('or').length > 1) {
    const any = parts('or').map(conditionOf);
    return (line) => any.some((condition) => condition(line));
  }
  const all = parts('and').map(comparison);
  return (line) => all.every((condition) => condition(line));
}

function comparison(text: string): (line: LogLine) => boolean {
  const [, field, operator, quoted = ''] =
    /^(@?[\w.]+)\s+(=|like)\s+("(?:[^"\\]|\\.)*")$/.exec(text.trim()) ?? [];
  if (field === undefined) throw new MalformedQuery(`unexpected symbol found ${text}`);
  const wanted: unknown = JSON.parse(quoted);
  return (line) => {
    const value = fieldOf(line, field);
    if (value === undefined) return false;
    return operator === '=' ? value === wanted : value.includes(String(wanted));
  };
}

/** A discovered field of a JSON line, or one of those that every line has. */
function fieldOf({ text, at }: LogLine, field: string): string | undefined {
  if (field === '@message') return text;
  if (field === '@timestamp') return new Date(at).toISOString().replace('T', ' ').replace('Z', '');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const part of field.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Reflect.get(value, part);
  }
  if (value === undefined || value === null) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
