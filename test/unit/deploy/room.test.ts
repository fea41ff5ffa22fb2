import { expect, test } from 'vitest';
import * as z from 'zod';
import { IGNORE, NETWORKS } from '../../../shared/cluster/annotations.ts';
import { KUBERNETES_GROUP } from '../../../shared/cluster/errors.ts';
import { ROOM_LABEL, resourceOf } from '../../../shared/cluster/room-resources.ts';
import { objectsIn } from './manifests.ts';

const role = z.object({
  kind: z.enum(['ClusterRole', 'Role']),
  rules: z.array(z.object({ resources: z.array(z.string()), verbs: z.array(z.string()) })),
});
const binding = z.object({ kind: z.string(), subjects: z.array(z.object({ name: z.string() })) });
const policy = z.object({
  spec: z.object({
    matchConditions: z.array(z.object({ expression: z.string() })),
    variables: z.array(z.object({ name: z.string(), expression: z.string() })),
  }),
});

function rightsIn(file: string): string[] {
  return objectsIn(file)
    .map((object) => role.safeParse(object).data)
    .flatMap((found) => found?.rules ?? [])
    .flatMap(({ resources, verbs }) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}`)),
    );
}

test('the right on Nodes’ statuses is here alone, and is the only one', () => {
  expect(rightsIn('room/rbac.yaml')).toEqual(['patch nodes/status']);
  for (const file of ['base/functions-rbac.yaml', 'base/forwarder-rbac.yaml']) {
    expect(rightsIn(file).filter((right) => right.includes('nodes/'))).toEqual([]);
  }
});

test('whoever has the right is held to our resources', () => {
  const [, bound] = objectsIn('room/rbac.yaml');
  expect(binding.parse(bound).subjects).toEqual([{ name: KUBERNETES_GROUP }]);
  const [held, inForce] = objectsIn('room/status-policy.yaml');
  const { matchConditions, variables } = policy.parse(held).spec;
  expect(matchConditions.map(({ expression }) => expression)).toEqual([
    `"${KUBERNETES_GROUP}" in request.userInfo.?groups.orValue([])`,
  ]);
  const ours = variables.find(({ name }) => name === 'ours')?.expression;
  expect(resourceOf('default/a')).toBe(`${JSON.parse(ours ?? '')}default.a`);
  expect(inForce).toMatchObject({ spec: { validationActions: ['Deny'] } });
});

test('pods request the resources that Nodes tell, of networks and in namespaces with the label', () => {
  const [asking, inForce] = objectsIn('room/request-policy.yaml');
  const labelled = { matchLabels: { [ROOM_LABEL]: 'enabled' } };
  expect(asking).toMatchObject({
    spec: { matchConstraints: { namespaceSelector: labelled } },
  });
  expect(inForce).toMatchObject({
    spec: { paramRef: { selector: labelled, parameterNotFoundAction: 'Allow' } },
  });
  const { matchConditions, variables } = policy.parse(asking).spec;
  const conditions = matchConditions.map(({ expression }) => expression).join('\n');
  for (const wanted of [NETWORKS, IGNORE, 'hostNetwork']) expect(conditions).toContain(wanted);
  const named = variables.find(({ name }) => name === 'resource')?.expression;
  expect(named).toBe('"multus-eni.dev/" + variables.home + "." + variables.name');
});
