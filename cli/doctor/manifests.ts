import { readFile } from 'node:fs/promises';
import { type Document, parseAllDocuments } from 'yaml';
import * as z from 'zod';
import type { NetworkAttachmentDefinition } from '../../shared/cluster/kubernetes.ts';
import { keptOfNetwork } from '../../shared/cluster/networks.ts';
import { BadInput } from '../failure.ts';

const definition = z.object({
  kind: z.literal('NetworkAttachmentDefinition'),
  metadata: z.object({
    name: z.string(),
    namespace: z.string().default('default'),
    annotations: z.record(z.string(), z.string()).nullish(),
  }),
  spec: z.object({ config: z.unknown().optional() }).nullish(),
});
const list = z.object({ kind: z.literal('List'), items: z.array(z.unknown()) });

/**
 * The NetworkAttachmentDefinitions of manifests, YAML or JSON; other kinds are passed over.
 *
 * @throws BadInput if a file cannot be read.
 */
export async function definitionsIn(
  paths: readonly string[],
): Promise<NetworkAttachmentDefinition[]> {
  const found: NetworkAttachmentDefinition[] = [];
  for (const path of paths) {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      const said = error instanceof Error ? error.message : String(error);
      throw new BadInput(`${path}: ${said}`, { cause: error });
    });
    for (const document of parseAllDocuments(text)) {
      const [problem] = document.errors;
      if (problem !== undefined) throw new BadInput(`${path}: ${problem.message.split('\n')[0]}`);
      const object = objectOf(document, path);
      for (const each of list.safeParse(object).data?.items ?? [object]) {
        const parsed = definition.safeParse(each);
        if (!parsed.success) continue;
        const { metadata, spec } = parsed.data;
        const { name, namespace, annotations } = metadata;
        const uid = `${path}#${namespace}/${name}`;
        found.push({ name, namespace, uid, ...keptOfNetwork(spec?.config, annotations) });
      }
    }
  }
  return found;
}

/** Aliases of aliases, by which a short document stands for a huge one, are refused by the library. */
function objectOf(document: Document, path: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new BadInput(`${path}: ${said}`, { cause: error });
  }
}
