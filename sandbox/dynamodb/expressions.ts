/**
 * Expressions of DynamoDB, as far as numbers need them: `SET a = :b, c = c + :d` and conditions of
 * comparisons, `attribute_not_exists(a)`, AND, OR and parentheses.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
 */

/** The numbers of an item, by attribute. */
export type Numbers = Readonly<Record<string, number>>;

/** What DynamoDB refuses as `ValidationException`. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

const TOKEN = /\s*(<=|>=|[<>=+\-(),]|:?[A-Za-z_][A-Za-z0-9_]*)/y;

interface Reader {
  peek(): string | undefined;
  next(): string;
  accept(token: string): boolean;
  expect(token: string): void;
}

function readerOf(text: string): Reader {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const found = TOKEN.exec(text);
    if (found?.[1] === undefined) throw new ExpressionError(`Syntax error: ${text}`);
    tokens.push(found[1]);
  }
  let at = 0;
  const reader: Reader = {
    peek: () => tokens[at],
    next() {
      const token = tokens[at];
      if (token === undefined) throw new ExpressionError(`Syntax error: ${text} is not complete`);
      at += 1;
      return token;
    },
    accept(token) {
      const same = tokens[at]?.toUpperCase() === token.toUpperCase();
      if (same) at += 1;
      return same;
    },
    expect(token) {
      if (!reader.accept(token)) throw new ExpressionError(`Syntax error: ${token} in ${text}`);
    },
  };
  return reader;
}

/** The expressions of one request on an item. */
export interface Expressions {
  /** Whether a condition holds. */
  holds(condition: string): boolean;
  /** The item after an update. */
  updated(update: string): Numbers;
  /** @throws ExpressionError if a value is named nowhere. */
  assertAllUsed(): void;
}

export function expressionsOf(item: Numbers, values: Numbers): Expressions {
  const used = new Set<string>();
  /** `undefined`: the item has no such attribute. */
  const operand = (reader: Reader): number | undefined => {
    const name = reader.next();
    if (!name.startsWith(':')) return item[name];
    used.add(name);
    return defined(values[name], name);
  };
  const sum = (reader: Reader): number => {
    const first = present(operand(reader));
    if (reader.accept('+')) return first + present(operand(reader));
    if (reader.accept('-')) return first - present(operand(reader));
    return first;
  };
  return {
    holds(condition) {
      const reader = readerOf(condition);
      const result = anyOf(reader, item, operand);
      assertEnded(reader);
      return result;
    },
    updated(update) {
      const reader = readerOf(update);
      reader.expect('SET');
      const changed: Record<string, number> = { ...item };
      do {
        const name = reader.next();
        reader.expect('=');
        changed[name] = sum(reader);
      } while (reader.accept(','));
      assertEnded(reader);
      return changed;
    },
    assertAllUsed() {
      const unused = Object.keys(values).find((name) => !used.has(name));
      if (unused === undefined) return;
      throw new ExpressionError(
        `Value provided in ExpressionAttributeValues unused in expressions: keys: {${unused}}`,
      );
    },
  };
}

type Operand = (reader: Reader) => number | undefined;

// Both sides of AND and OR are read, as each names its values.
function anyOf(reader: Reader, item: Numbers, operand: Operand): boolean {
  let result = allOf(reader, item, operand);
  while (reader.accept('OR')) result = allOf(reader, item, operand) || result;
  return result;
}

function allOf(reader: Reader, item: Numbers, operand: Operand): boolean {
  let result = comparison(reader, item, operand);
  while (reader.accept('AND')) result = comparison(reader, item, operand) && result;
  return result;
}

function comparison(reader: Reader, item: Numbers, operand: Operand): boolean {
  if (reader.accept('(')) {
    const inner = anyOf(reader, item, operand);
    reader.expect(')');
    return inner;
  }
  if (reader.accept('attribute_not_exists')) {
    reader.expect('(');
    const name = reader.next();
    reader.expect(')');
    return item[name] === undefined;
  }
  const left = operand(reader);
  const operator = reader.next();
  return compare(left, operator, operand(reader));
}

function assertEnded(reader: Reader): void {
  const rest = reader.peek();
  if (rest !== undefined) throw new ExpressionError(`Syntax error: ${rest} is not expected`);
}

function defined(value: number | undefined, name: string): number {
  if (value === undefined) throw new ExpressionError(`${name} is not defined`);
  return value;
}

function present(value: number | undefined): number {
  if (value !== undefined) return value;
  throw new ExpressionError(
    'The provided expression refers to an attribute that does not exist in the item',
  );
}

function compare(left: number | undefined, operator: string, right: number | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  switch (operator) {
    case '=':
      return left === right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    default:
      throw new ExpressionError(`Syntax error: ${operator}`);
  }
}
