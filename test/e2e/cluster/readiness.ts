import * as z from 'zod';
import type { Api } from './api.ts';

const node = z.object({
  status: z.object({
    conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
  }),
});

/** The status of a Node's condition `Ready`; `undefined` if there is no such Node, or not yet. */
export async function readiness(api: Api, name: string): Promise<string | undefined> {
  const object = await api.find('nodes', { name });
  if (object === undefined) return undefined;
  return node.parse(object).status.conditions.find(({ type }) => type === 'Ready')?.status;
}
