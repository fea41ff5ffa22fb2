import { expect, test } from 'vitest';
import * as z from 'zod';
import { KUBERNETES_GROUP } from '../../../shared/cluster/errors.ts';
import { CONDITION_TYPE } from '../../../shared/cluster/kubernetes.ts';
import { objectsIn } from './manifests.ts';

const policy = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    failurePolicy: z.string(),
    matchConditions: z.array(z.object({ expression: z.string() })).length(1),
    variables: z.array(z.object({ name: z.string(), expression: z.string() })),
  }),
});
const [functions, boundFunctions, others, boundOthers] = objectsIn('base/pod-status-policy.yaml');

test.for([
  ['the functions', functions, boundFunctions, ''],
  ['everybody else', others, boundOthers, '!'],
] as const)('%s are held to the condition that the code sets', ([, object, bound, not]) => {
  const { metadata, spec } = policy.parse(object);
  const isOfTheGroup = `"${KUBERNETES_GROUP}" in request.userInfo.?groups.orValue([])`;
  const [{ expression } = { expression: '' }] = spec.matchConditions;
  expect(expression).toBe(not === '' ? isOfTheGroup : `!(${isOfTheGroup})`);
  expect(spec.variables).toEqual([{ name: 'ours', expression: JSON.stringify(CONDITION_TYPE) }]);
  expect(spec.failurePolicy).toBe('Fail');
  expect(bound).toMatchObject({
    spec: { policyName: metadata.name, validationActions: ['Deny'] },
  });
});
