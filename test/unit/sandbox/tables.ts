import * as z from 'zod';
import type { ApiServerUnderTest } from './api-server.ts';

/** As kubectl asks. */
export const AS_TABLE = [
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=Table;v=v1beta1;g=meta.k8s.io',
  'application/json',
].join(',');
const column = z.object({
  name: z.string(),
  type: z.string(),
  format: z.string(),
  description: z.string(),
  priority: z.number(),
});
export const tableSchema = z.object({
  kind: z.literal('Table'),
  apiVersion: z.literal('meta.k8s.io/v1'),
  metadata: z.object({ resourceVersion: z.string() }).loose(),
  columnDefinitions: z.array(column).nullable(),
  rows: z.array(
    z.object({
      cells: z.array(z.union([z.string(), z.number(), z.null()])),
      conditions: z.array(z.object({ type: z.string(), reason: z.string() })).optional(),
      object: z
        .looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string().optional() }) })
        .nullable(),
    }),
  ),
});
export type Table = z.output<typeof tableSchema>;

export async function tableAt(api: ApiServerUnderTest, path: string): Promise<Table> {
  return tableSchema.parse((await api.send('GET', path, { accept: AS_TABLE })).body);
}
