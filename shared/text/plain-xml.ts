/** An element whose begin was read. One of the three reads the rest of it. */
export interface PlainElement {
  /** The text of an element that has no children. */
  text(): string;
  /** Tells the name of each child in turn; `read` reads the child by this same element. */
  children(read: (name: string) => void): void;
  skip(): void;
}

/** There is more than elements and text. */
class NotPlainError extends Error {}

const SLASH = 0x2f;
/** With these begin comments, CDATA, document types and processing instructions. */
const EXCLAMATION = 0x21;
const QUESTION = 0x3f;
/** Of an element that has no attributes. */
const NAME = /^\w+$/;

/**
 * Reads XML in one pass, and makes nothing of what nobody asks for. It knows what a service writes
 * by itself: elements without attributes (but for the root's namespace) and text. That the names of
 * tags fit each other is not checked.
 *
 * @param read reads the root element.
 * @returns `undefined` if the XML has anything else, or ends too early: that is for a whole parser.
 */
export function readPlainXml<T>(xml: Buffer, read: (root: PlainElement) => T): T | undefined {
  try {
    return read(rootOf(xml));
  } catch (error) {
    if (error instanceof NotPlainError) return undefined;
    throw error;
  }
}

function rootOf(bytes: Buffer): PlainElement {
  // One character for each byte, so that positions in the text are positions in the bytes.
  const xml = bytes.toString('latin1');
  let at = xml.startsWith('<?xml') ? xml.indexOf('?>') + 1 : 0;
  let name = 0;
  let nameEnd = 0;
  /** The last tag was `<name/>`: its element has begun, and ended. */
  let isEmpty = false;

  /** Goes behind the next tag. @returns whether it begins an element. */
  const begins = (): boolean => {
    name = xml.indexOf('<', at) + 1;
    nameEnd = xml.indexOf('>', name);
    if (name === 0 || nameEnd < 0) throw new NotPlainError();
    at = nameEnd + 1;
    const first = xml.charCodeAt(name);
    if (first === SLASH) return false;
    if (first === EXCLAMATION || first === QUESTION) throw new NotPlainError();
    isEmpty = xml.charCodeAt(nameEnd - 1) === SLASH;
    if (isEmpty) nameEnd -= 1;
    return true;
  };
  const tagName = (): string => {
    const found = xml.slice(name, nameEnd);
    if (!NAME.test(found)) throw new NotPlainError();
    return found;
  };
  /** Whether the element that has begun is over already. */
  const isOver = (): boolean => {
    const over = isEmpty;
    isEmpty = false;
    return over;
  };
  if (!begins()) throw new NotPlainError();
  return {
    text() {
      if (isOver()) return '';
      const start = at;
      if (begins()) throw new NotPlainError();
      // From the bytes: a slice of the text would keep all of it in memory.
      return unescaped(bytes.toString('utf8', start, name - 1));
    },
    children(read) {
      if (isOver()) return;
      while (begins()) read(tagName());
    },
    skip() {
      if (isOver()) return;
      for (let depth = 1; depth > 0; ) depth += begins() ? (isOver() ? 0 : 1) : -1;
    },
  };
}

const NAMED: ReadonlyMap<string, string> = new Map(
  Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }),
);

function unescaped(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (_, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(parseInt(decimal, 10));
    const character = NAMED.get(name);
    if (character === undefined) throw new NotPlainError();
    return character;
  });
}
