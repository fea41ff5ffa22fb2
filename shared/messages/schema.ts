import { isIP } from 'node:net';
import * as z from 'zod';
import { oneLine } from '../text/one-line.ts';

/**
 * The messages between forwarder, sweep, replay and reconcile. They are hints: a message names a cluster,
 * a node and a reason to look at it. Whatever else it says saves calls or time, and decides nothing but
 * what the brake believes. One schema for the sender, the receiver and `events/*.json`.
 */

/** Kubernetes object names are DNS subdomains of at most 253 characters. */
const name = z.string().min(1).max(253);

/** The API server lets no Node have another, so none steers a URL or a field selector. */
const nodeName = name.regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/, 'not the name of a Node');

const address = z
  .string()
  .refine((text) => isIP(text) !== 0 && !text.includes('%'), { error: 'not an address' });

const podEvent = z.strictObject({
  event: z.enum(['add', 'update', 'delete']),
  namespace: name,
  name,
  uid: z.string().min(1).max(64),
  /** Of an update or delete: what the pod claimed before and claims no longer. */
  ips: z.array(address),
  /** Nobody saw it happen: a list of all pods does not have the pod, or not these claims, any more. */
  inferred: z.literal(true).optional(),
});

/** A list that ends at the first item that is wrong: the others of a long one need not be found wrong too. */
function listOf<T>(item: z.ZodType<T>) {
  return z.array(z.unknown()).transform((list, context): T[] => {
    const items: T[] = [];
    for (const [index, input] of list.entries()) {
      const { data, error } = item.safeParse(input);
      if (error !== undefined) {
        const [issue] = error.issues;
        const path = [index, ...(issue?.path ?? [])];
        context.addIssue({ code: 'custom', message: issue?.message, path, input });
        return z.NEVER;
      }
      items.push(data);
    }
    return items;
  });
}

/** What forwarders of earlier versions say in the place of `lookFirst`. */
const formerly = z.array(z.unknown()).default([]);

const fields = z.strictObject({
  version: z.literal(1),
  cluster: z.string().min(1).max(100),
  node: nodeName,
  instanceId: z
    .string()
    .regex(/^i-[0-9a-f]{1,32}$/)
    .optional(),
  reason: z.enum(['pods', 'resync', 'sweep', 'moved', 'replay']),
  observedAt: z.iso.datetime({ offset: true }),
  pods: listOf(podEvent),
  /** Another node may have what pods of this one claim: a look costs less than an Assign that EC2 refuses. */
  lookFirst: z.literal(true).optional(),
  letGo: formerly,
  contested: formerly,
});

const nodeMessage = fields.transform(({ letGo, contested, ...message }) =>
  letGo.length + contested.length > 0 ? { ...message, lookFirst: true as const } : message,
);

const heartbeat = z.strictObject({
  version: z.literal(1),
  cluster: z.string().min(1).max(100),
  reason: z.literal('heartbeat'),
  observedAt: z.iso.datetime({ offset: true }),
});

export const message = z.discriminatedUnion('reason', [nodeMessage, heartbeat]);

export type PodEvent = z.infer<typeof podEvent>;
export type NodeMessage = z.infer<typeof nodeMessage>;
export type Heartbeat = z.infer<typeof heartbeat>;
export type Message = z.infer<typeof message>;

/**
 * Reads a message body.
 *
 * @returns the message, or one line that says what is wrong with it and where.
 */
export function parseMessage(
  body: string,
):
  | { readonly ok: true; readonly message: Message }
  | { readonly ok: false; readonly detail: string } {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    return {
      ok: false,
      detail: oneLine(`not JSON: ${error instanceof Error ? error.message : error}`),
    };
  }
  const parsed = message.safeParse(json);
  if (parsed.success) return { ok: true, message: parsed.data };
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'body' : issue.path.join('.');
  return { ok: false, detail: oneLine(`${where}: ${issue?.message ?? 'not a message'}`) };
}
