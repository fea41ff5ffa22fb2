import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { isRecord } from './object.ts';
import { badRequest, StatusError } from './status.ts';

const operations = z.array(
  z.discriminatedUnion('op', [
    z.object({ op: z.literal('add'), path: z.string(), value: z.unknown() }),
    z.object({ op: z.literal('replace'), path: z.string(), value: z.unknown() }),
    z.object({ op: z.literal('remove'), path: z.string() }),
    z.object({ op: z.literal('test'), path: z.string(), value: z.unknown() }),
  ]),
);
type Operation = z.output<typeof operations>[number];

const refuse = (operation: Operation): StatusError =>
  new StatusError(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${operation.op} ${operation.path} does not apply`,
  );

function read(holder: unknown, key: string): unknown {
  if (Array.isArray(holder)) return holder[Number(key)];
  return isRecord(holder) ? holder[key] : undefined;
}

/** The object or list that holds what the operation points to, and its key there. */
function locate(
  document: unknown,
  operation: Operation,
): { holder: unknown[] | Record<string, unknown>; key: string } {
  const parts = operation.path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const key = parts.pop();
  const holder = parts.reduce(read, document);
  if (key !== undefined && (Array.isArray(holder) || isRecord(holder))) return { holder, key };
  throw refuse(operation);
}

function applyOperation(document: unknown, operation: Operation): void {
  const { holder, key } = locate(document, operation);
  const present = read(holder, key) !== undefined;
  switch (operation.op) {
    case 'test':
      if (!isDeepStrictEqual(read(holder, key), operation.value)) throw refuse(operation);
      return;
    case 'add':
      if (!Array.isArray(holder)) holder[key] = operation.value;
      else holder.splice(key === '-' ? holder.length : Number(key), 0, operation.value);
      return;
    case 'replace':
      if (!present) throw refuse(operation);
      if (Array.isArray(holder)) holder[Number(key)] = operation.value;
      else holder[key] = operation.value;
      return;
    case 'remove':
      if (!present) throw refuse(operation);
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
  }
}

/**
 * RFC 6902 with add, replace, remove and test, all or nothing.
 *
 * @throws StatusError 400 for what is no such patch, 422 where it does not apply.
 */
export function jsonPatch(target: unknown, patch: unknown): unknown {
  const parsed = operations.safeParse(patch);
  if (!parsed.success) throw badRequest(`error decoding patch: ${z.prettifyError(parsed.error)}`);
  const document = structuredClone(target);
  for (const operation of parsed.data) applyOperation(document, operation);
  return document;
}
