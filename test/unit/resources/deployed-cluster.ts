import { readFileSync } from 'node:fs';
import { type ComputedResource, computed } from '../../../sandbox/cloudformation/template.ts';
import { madeUp } from './intrinsics.ts';

const FILE = new URL('../../../deploy/cluster/template.yml', import.meta.url);

export interface DeployedCluster {
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, ComputedResource>>;
}

/** What CloudFormation makes of deploy/cluster/template.yml with these parameters, with names made up. */
export function deployed(given: Readonly<Record<string, string>>): DeployedCluster {
  const template = readFileSync(FILE, 'utf8');
  const { parameters, ids, resource } = computed(template, given, (resourceOf) =>
    madeUp((id) => String(resourceOf(id).Properties.QueueName)),
  );
  return { parameters, Resources: Object.fromEntries(ids.map((id) => [id, resource(id)])) };
}
