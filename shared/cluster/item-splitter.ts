const BACKSLASH = 92;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

/** How many objects and arrays are open around a member of the list, and around an item. */
const IN_LIST = 1;
const IN_ITEMS = 2;

/** The JSON of a list, piece by piece. */
export interface ItemSplitter {
  feed(piece: string): void;
  /** @returns the JSON of the list without its items. */
  end(): string;
}

/**
 * Cuts the `items` out of a list's JSON in one pass, and keeps no more than one of them. The splitter only
 * sees where texts, objects and arrays begin and end. Whether each item is JSON, and what is around the
 * items, is for JSON.parse to say: together they accept what JSON.parse accepts of the whole.
 *
 * @param item is given the JSON of each item, which may be blank.
 * @returns throws what `item` throws, and SyntaxError for a second `items`.
 */
export function itemSplitter(item: (json: string) => void): ItemSplitter {
  const around = part();
  const current = part();
  const text = textEnd();
  const name = memberName();
  let depth = 0;
  let items: 'ahead' | 'first' | 'further' | 'behind' = 'ahead';
  let from = 0;

  const isWithin = (): boolean => items === 'first' || items === 'further';
  const begin = (piece: string, at: number): void => {
    if (items === 'behind') throw new SyntaxError('a list has its items twice');
    around.add(piece.slice(from, at + 1));
    from = at + 1;
    items = 'first';
  };
  const cut = (piece: string, at: number, isLast: boolean): void => {
    current.add(piece.slice(from, at));
    from = at + 1;
    const json = current.take();
    const isNone = isLast && items === 'first' && json.trim() === '';
    if (!isNone) item(json);
    items = isLast ? 'behind' : 'further';
    if (isLast) around.add(']');
  };
  const see = (piece: string, at: number, code: number): void => {
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      const isItems = code === OPEN_BRACKET && depth === IN_LIST && name.is('items');
      depth += 1;
      if (isItems && !isWithin()) begin(piece, at);
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      if (depth === IN_ITEMS && isWithin() && code === CLOSE_BRACKET) cut(piece, at, true);
      depth -= 1;
    } else if (code === COMMA) {
      if (depth === IN_ITEMS && isWithin()) cut(piece, at, false);
      else if (depth === IN_LIST) name.forget();
    } else if (code === COLON && depth === IN_LIST) name.follows();
  };

  return {
    feed(piece) {
      from = 0;
      let at = 0;
      if (text.isOpen()) {
        at = text.after(piece, 0);
        if (depth === IN_LIST) name.add(piece.slice(0, at));
      }
      while (at < piece.length) {
        const code = piece.charCodeAt(at);
        if (code === QUOTE) {
          const after = text.after(piece, at + 1);
          if (depth === IN_LIST) name.begin(piece.slice(at, after));
          at = after;
        } else {
          if (code >= COMMA) see(piece, at, code);
          at += 1;
        }
      }
      (isWithin() ? current : around).add(piece.slice(from));
    },
    end: () => around.take(),
  };
}

/** Pieces that belong together. */
function part() {
  let pieces: string[] = [];
  return {
    add: (piece: string): void => void (piece !== '' && pieces.push(piece)),
    take(): string {
      const all = pieces.join('');
      pieces = [];
      return all;
    },
  };
}

/** Finds the quote that ends a text, which may be in a later piece. */
function textEnd() {
  let isOpen = false;
  /** The piece before ended in a backslash that has no character yet. */
  let isEscaping = false;

  const isEscaped = (piece: string, from: number, at: number): boolean => {
    let first = at;
    while (first > from && piece.charCodeAt(first - 1) === BACKSLASH) first -= 1;
    const isOdd = (at - first) % 2 === 1;
    return first === from && isEscaping ? !isOdd : isOdd;
  };
  return {
    isOpen: (): boolean => isOpen,
    /** @returns where the text is over, or the piece's length. */
    after(piece: string, from: number): number {
      // Who begins a text has seen its first quote in this piece.
      if (!isOpen) isEscaping = false;
      isOpen = true;
      let at = piece.indexOf('"', from);
      while (at !== -1 && isEscaped(piece, from, at)) at = piece.indexOf('"', at + 1);
      isOpen = at === -1;
      isEscaping = isOpen && isEscaped(piece, from, piece.length);
      return isOpen ? piece.length : at + 1;
    },
  };
}

/** The name of the member of a list that is being read. */
function memberName() {
  let last = '';
  let name: string | undefined;
  return {
    begin(piece: string): void {
      last = piece;
    },
    add(piece: string): void {
      last += piece;
    },
    follows(): void {
      name = last;
    },
    forget(): void {
      name = undefined;
    },
    is: (wanted: string): boolean => name !== undefined && decoded(name) === wanted,
  };
}

function decoded(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
