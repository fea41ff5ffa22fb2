import { expect, onTestFinished } from 'vitest';
import { REGION } from '../../sandbox/aws.ts';
import type { World } from '../../sandbox/world.ts';
import {
  type AwsCall,
  type AwsCalls,
  recordAwsCalls,
} from '../unit/resources/recorded-aws-calls.ts';
import { isAllowed, rolesOf } from '../unit/resources/roles.ts';
import { templateOf } from '../unit/resources/service.ts';
import type { StageOptions } from './stage.ts';

type Clusters = NonNullable<StageOptions['clusters']>;

/**
 * Holds each AWS call of a caller against the role that the stack gives it, as IAM would: when the
 * running test has finished, it fails if one is denied. A call on an ENI without the managed tag is, so
 * scenarios about such ENIs show that nothing is called there.
 *
 * @param worldOf where the product runs, which is made after this, as its clients have to be.
 * @param clusters what the stage's configuration says of them.
 * @returns what runs a caller with its role; what is called outside of it is nobody's.
 */
export function authorized(worldOf: () => World, clusters: Clusters): AwsCalls['as'] {
  const { calls, as } = recordAwsCalls(worldOf);
  onTestFinished(async () => {
    expect(await deniedOf(calls, clusters), 'what the stack’s roles deny').toEqual([]);
  });
  return as;
}

/** Hands over each kind of call that was held against its role so far, as `role action`, and forgets them. */
export function takeHeldAgainstRoles(): string[] {
  const all = [...held];
  held.clear();
  return all;
}

/** The calls that the roles of a stack for these clusters deny, each as a line. */
export async function deniedOf(calls: readonly AwsCall[], clusters: Clusters): Promise<string[]> {
  const denied = new Set<string>();
  for (const call of calls) {
    if (await isAllowedOnce(call, `region: ${REGION}\nclusters: ${JSON.stringify(clusters)}\n`)) {
      continue;
    }
    const { role, action, resource, context = {} } = call;
    denied.add(`${role} may not ${action} on ${resource} ${JSON.stringify(context)}`);
  }
  return [...denied];
}

/** A role treats ENIs with the same tags alike, so one of them is asked about. */
function isAllowedOnce({ role, ...request }: AwsCall, stageText: string): Promise<boolean> {
  const kind = request.resource.replace(/network-interface\/.*/, 'network-interface/');
  const key = JSON.stringify([stageText, role, request.action, kind, request.context]);
  held.add(`${role} ${request.action}`);
  return once(verdicts, key, () => isAllowed(rolesOnce(stageText).get(role) ?? [], request));
}

function rolesOnce(stageText: string): ReturnType<typeof rolesOf> {
  return once(roles, stageText, () => rolesOf(templateOf(stageText)));
}

const held = new Set<string>();
const verdicts = new Map<string, Promise<boolean>>();
const roles = new Map<string, ReturnType<typeof rolesOf>>();

function once<T>(known: Map<string, T>, key: string, make: () => T): T {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
