import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as z from 'zod';

const handlers = z.record(z.string(), z.object({ permissions: z.array(z.string()).default([]) }));

const resourceType = z.object({
  tagging: z.object({ taggable: z.boolean() }),
  handlers,
});

/** What AWS publishes of a type of CloudFormation's resources, as far as it is used here. */
export type ResourceType = z.infer<typeof resourceType>;

/**
 * The schemas of resource types that cfn-lint brings along, which are AWS's own
 * (AWS CloudFormation CLI User Guide, "Resource type schema").
 *
 * @param cfnLint the path of the program.
 * @returns a type by its name; it throws if there is none.
 */
export function resourceTypes(cfnLint: string): (name: string) => ResourceType {
  const [schemas = ''] = globSync(
    join(dirname(cfnLint), '../lib/python*/site-packages/cfnlint/data/schemas'),
  );
  const read = (path: string): unknown => JSON.parse(readFileSync(join(schemas, path), 'utf8'));
  const files = z.record(z.string(), z.string()).parse(read('providers/us-east-1.json'));
  return (name) => resourceType.parse(read(`resources/${files[name]}.json`));
}
