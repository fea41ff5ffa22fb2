import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { isRecord } from './object.ts';
import { badRequest, StatusError } from './status.ts';

const operations = z.array(
  z.object({
    op: z.string(),
    path: z.string(),
    from: z.string().default(''),
    value: z.unknown().optional(),
  }),
);
type Operation = z.output<typeof operations>[number];
type Holder = unknown[] | Record<string, unknown>;

const refuse = (op: string, path: string): StatusError =>
  new StatusError(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${op} ${path} does not apply`,
  );

function read(holder: unknown, key: string): unknown {
  if (Array.isArray(holder)) return holder[Number(key)];
  return isRecord(holder) ? holder[key] : undefined;
}

function add(holder: Holder, key: string, value: unknown): void {
  if (!Array.isArray(holder)) holder[key] = value;
  else holder.splice(key === '-' ? holder.length : Number(key), 0, value);
}

function remove(holder: Holder, key: string): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

/** The object or list that holds what `path` points to, and its key there. */
function locate(document: unknown, op: string, path: string): Place {
  const [root, ...parts] = path
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = parts.pop();
  const holder = parts.reduce(read, document);
  const holds = Array.isArray(holder) || isRecord(holder);
  if (root === '' && key !== undefined && holds) return { holder, key };
  throw refuse(op, path);
}

interface Place {
  readonly holder: Holder;
  readonly key: string;
}

/** What each operation does. It refuses a path that has to have a value and has none. */
function applyOperation(document: unknown, { op, path, from, value }: Operation): void {
  const present = ({ holder, key }: Place): unknown => {
    const found = read(holder, key);
    if (found === undefined) throw refuse(op, path);
    return found;
  };
  const operate: Readonly<Record<string, () => void>> = {
    test() {
      const { holder, key } = locate(document, op, path);
      if (!isDeepStrictEqual(read(holder, key), value)) throw refuse(op, path);
    },
    add() {
      const { holder, key } = locate(document, op, path);
      add(holder, key, value);
    },
    replace() {
      // A real API server also replaces what an object, unlike a list, does not have.
      const { holder, key } = locate(document, op, path);
      if (Array.isArray(holder)) {
        present({ holder, key });
        holder[Number(key)] = value;
      } else holder[key] = value;
    },
    remove() {
      const place = locate(document, op, path);
      present(place);
      remove(place.holder, place.key);
    },
    copy() {
      const carried = structuredClone(present(locate(document, op, from)));
      const { holder, key } = locate(document, op, path);
      add(holder, key, carried);
    },
    move() {
      const source = locate(document, op, from);
      const carried = present(source);
      remove(source.holder, source.key);
      const { holder, key } = locate(document, op, path);
      add(holder, key, carried);
    },
  };
  if (!Object.hasOwn(operate, op)) throw refuse(op, path);
  operate[op]?.();
}

/**
 * RFC 6902, all or nothing.
 *
 * @throws StatusError 400 if the patch is malformed, 422 if it does not apply.
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  const parsed = operations.safeParse(patch);
  if (!parsed.success) throw badRequest(`error decoding patch: ${z.prettifyError(parsed.error)}`);
  const document = structuredClone(target);
  for (const operation of parsed.data) applyOperation(document, operation);
  return document;
}
