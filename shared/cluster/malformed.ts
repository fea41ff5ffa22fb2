import * as z from 'zod';
import { CodedError } from '../errors.ts';
import { oneLine } from '../text/one-line.ts';

/** An API server's answer that is not what the Kubernetes API says it is. */
export class MalformedObjectError extends CodedError {
  override readonly name = 'MalformedObjectError';
  readonly errorCode = 'malformed-object';
}

/** As much as can be read of an object's name, for an error that points at it. */
const named = z.object({
  metadata: z.object({ namespace: z.string().optional(), name: z.string() }),
});

/**
 * Reads one answer of the API server.
 *
 * @param kind what it should be, such as `Pod`: the error names it.
 * @throws MalformedObjectError, which says which object and which field.
 */
export function parseObject<T>(kind: string, schema: z.ZodType<T>, object: unknown): T {
  const parsed = schema.safeParse(object);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'object' : issue.path.join('.');
  const identity = named.safeParse(object);
  const { namespace, name } = identity.data?.metadata ?? {};
  const subject = [kind, [namespace, name].filter(Boolean).join('/')].filter(Boolean).join(' ');
  throw new MalformedObjectError(
    oneLine(`${subject}: ${where}: ${issue?.message ?? 'unreadable'}`),
  );
}

/** A `metav1.Time`, also as the Kubernetes client's Date; read as milliseconds since the epoch. */
export const instantSchema = z
  .union([z.date(), z.iso.datetime({ offset: true })])
  .transform((value) => new Date(value).getTime());

export const annotations = z.record(z.string(), z.string()).nullish();

/** The annotations among `names`, as far as they are there. */
export function pick(
  all: Readonly<Record<string, string>> | null | undefined,
  names: readonly string[],
): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = all?.[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
