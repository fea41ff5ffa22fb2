import * as z from 'zod';
import { oneLine } from './one-line.ts';

/** What reading outside text gives: a value, or one line that says what is wrong and where. */
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly detail: string };

/** Kubernetes keeps all annotations of an object within 256 KiB; a configuration is shorter by far. */
const MAX_LENGTH = 262_144;
const MAX_QUOTED = 80;

/** Quotes outside text for a message: escaped, on one line, cut after 80 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text);
}

/** The first issue as `[2].ips[0]: what is wrong`; `at` is where the checked value itself lies. */
export function whatIsWrong(error: z.ZodError, at: readonly PropertyKey[] = []): string {
  const issue = error.issues[0];
  const path = [...at, ...(issue?.path ?? [])];
  const where = path
    .map((key, index) =>
      typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`,
    )
    .join('');
  const what = issue?.message ?? 'not understood';
  return oneLine(where === '' ? what : `${where}: ${what}`);
}

/** Reads JSON text of at most 262,144 characters by a schema. */
export function readJson<S extends z.ZodType>(text: string, schema: S): Read<z.output<S>> {
  if (text.length > MAX_LENGTH) {
    return { ok: false, detail: `longer than ${MAX_LENGTH} characters (${text.length})` };
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, detail: oneLine(`not JSON: ${reason}`) };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data };
  return { ok: false, detail: whatIsWrong(parsed.error) };
}

/** A schema for text that `parse` turns into a value; `what` completes "… is not". */
export function textAs<T>(parse: (text: string) => T | undefined, what: string) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `${quote(text)} is not ${what}`, input: text });
    return z.NEVER;
  });
}

/** The same if the text may be missing: absent, `null` or empty, as in Go's JSON. */
export function optionalTextAs<T>(parse: (text: string) => T | undefined, what: string) {
  return z.preprocess(
    (text) => (text === null || text === '' ? undefined : text),
    textAs(parse, what).optional(),
  );
}
