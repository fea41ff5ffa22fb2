import { expect, test } from 'vitest';
import * as z from 'zod';
import { IGNORE } from '../../../shared/cluster/annotations.ts';
import { CONDITION_TYPE } from '../../../shared/cluster/kubernetes.ts';
import { objectsIn } from './manifests.ts';

const policy = z.object({
  apiVersion: z.literal('admissionregistration.k8s.io/v1'),
  kind: z.literal('MutatingAdmissionPolicy'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    matchConstraints: z.object({
      namespaceSelector: z.object({ matchLabels: z.record(z.string(), z.string()) }),
      resourceRules: z.array(z.unknown()),
    }),
    matchConditions: z.array(z.object({ name: z.string(), expression: z.string() })),
    mutations: z.tuple([
      z.object({
        patchType: z.literal('JSONPatch'),
        jsonPatch: z.object({ expression: z.string() }),
      }),
    ]),
  }),
});

const [first, binding] = objectsIn('readiness-gate/policy.yaml');
const { metadata, spec } = policy.parse(first);
const [mutation] = spec.mutations;

test('the policy is bound, for new pods of labelled namespaces', () => {
  expect(binding).toMatchObject({
    kind: 'MutatingAdmissionPolicyBinding',
    spec: { policyName: metadata.name },
  });
  expect(spec.matchConstraints).toEqual({
    namespaceSelector: { matchLabels: { 'multus-eni.dev/readiness-gate': 'enabled' } },
    resourceRules: [
      { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
    ],
  });
});

test('it adds the gate that the reconciler opens, if there is none and if there are others', () => {
  const expression = mutation.jsonPatch.expression.replaceAll(/\s+/g, ' ');
  const added = `{"conditionType": "${CONDITION_TYPE}"}`;
  expect(expression).toContain(`path: "/spec/readinessGates/-", value: ${added}`);
  expect(expression).toContain(`path: "/spec/readinessGates", value: [${added}]`);
});

test('it leaves alone what has the gate, and whose gate nobody would open', () => {
  const conditions = spec.matchConditions.map(({ expression }) => expression).join('\n');
  for (const wanted of ['k8s.v1.cni.cncf.io/networks', IGNORE, CONDITION_TYPE, 'hostNetwork']) {
    expect(conditions).toContain(wanted);
  }
});
