import { isLabelValue, isQualifiedName } from './names.ts';
import { badRequest, type StatusError } from './status.ts';

type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels) => boolean;

const TOKEN = /==|!=|[=!<>(),]|[^\s=!<>(),]+/g;
const SYMBOLS = ['==', '!=', '=', '!', '<', '>', '(', ')', ','];
const END = '';

const refuse = (why: string): StatusError => badRequest(`unable to parse requirement: ${why}`);
const found = (token: string, expected: string): StatusError =>
  refuse(`found '${token}', expected: ${expected}`);

/** Reads what there is of a selector, token by token; the empty one is its end. */
interface Reader {
  peek(): string;
  take(): string;
}

function readerOf(text: string): Reader {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;
  const peek = (): string => tokens[at] ?? END;
  return {
    peek,
    take() {
      const token = peek();
      at += 1;
      return token;
    },
  };
}

function readKey(reader: Reader): string {
  const key = reader.take();
  if (key === END || SYMBOLS.includes(key)) throw found(key, 'identifier');
  if (!isQualifiedName(key)) throw refuse(`<nil>: Invalid value: ${JSON.stringify(key)}`);
  return key;
}

/** A value, which may be empty. */
function readValue(reader: Reader): string {
  if ([END, ',', ')'].includes(reader.peek())) return '';
  const value = reader.take();
  if (!isLabelValue(value)) throw refuse(`values[0]: Invalid value: ${JSON.stringify(value)}`);
  return value;
}

function readValues(reader: Reader): readonly string[] {
  const open = reader.take();
  if (open !== '(') throw found(open, "'('");
  const values = [readValue(reader)];
  while (reader.peek() === ',') {
    reader.take();
    values.push(readValue(reader));
  }
  const close = reader.take();
  if (close !== ')') throw found(close, "',' or ')'");
  return values;
}

function readBound(reader: Reader): number {
  const text = readValue(reader);
  if (/^-?\d+$/.test(text)) return Number(text);
  throw refuse(
    `values[0]: Invalid value: ${JSON.stringify(text)}: for 'Gt', 'Lt' operators, the value must be an integer`,
  );
}

function readRequirement(reader: Reader): Requirement {
  if (reader.peek() === '!') {
    reader.take();
    const key = readKey(reader);
    return (labels) => !(key in labels);
  }
  const key = readKey(reader);
  const operator = reader.peek();
  if (operator === END || operator === ',') return (labels) => key in labels;
  reader.take();
  switch (operator) {
    case '=':
    case '==': {
      const value = readValue(reader);
      return (labels) => labels[key] === value;
    }
    case '!=': {
      const value = readValue(reader);
      return (labels) => labels[key] !== value;
    }
    case 'in':
    case 'notin': {
      const values = readValues(reader);
      return (labels) => {
        const value = labels[key];
        return (value !== undefined && values.includes(value)) === (operator === 'in');
      };
    }
    case '>':
    case '<': {
      const bound = readBound(reader);
      return (labels) => {
        const value = labels[key] ?? '';
        if (!/^-?\d+$/.test(value)) return false;
        return operator === '>' ? Number(value) > bound : Number(value) < bound;
      };
    }
  }
  throw found(operator, 'in, notin, =, ==, !=, gt, lt');
}

/**
 * Reads a label selector: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`, `a>1`, `a<1`,
 * joined by commas (k8s.io/apimachinery pkg/labels/selector.go).
 *
 * @throws StatusError 400
 */
export function parseLabelSelector(text: string): Requirement {
  const reader = readerOf(text);
  const requirements: Requirement[] = [];
  if (reader.peek() !== END) requirements.push(readRequirement(reader));
  while (reader.peek() !== END) {
    const comma = reader.take();
    if (comma !== ',') throw badRequest(`found '${comma}', expected: ',' or 'end of string'`);
    if ([END, ','].includes(reader.peek())) {
      throw badRequest(`found '${reader.peek()}', expected: identifier after ','`);
    }
    requirements.push(readRequirement(reader));
  }
  return (labels) => requirements.every((requirement) => requirement(labels));
}
