import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import * as z from 'zod';
import { RIGHTS } from '../../../cli/doctor/stage/rights.ts';
import { isAllowed, rolesOf } from '../resources/roles.ts';
import { templateOf } from '../resources/service.ts';
import { codesIn } from './doctor-bed.ts';
import { operatorBed } from './operator-bed.ts';

test('the roles that the stack makes lack nothing, and what is taken from one is found', async () => {
  const bed = await operatorBed(1);
  await bed.bed.startForwarder();
  const look = async () => {
    const { stdout } = await bed.operate(['doctor', '--stage', 'demo']);
    return { codes: codesIn(stdout), text: stdout.replaceAll(/\s+/g, ' ') };
  };
  const roles = rolesOf(templateOf('region: us-east-1\nclusters: [{ name: demo }]\n'));
  let withheld = '';
  bed.bed.world.iam.decideBy(async ({ action, resource, context }) => {
    // The queues are named by the sandbox, not by the stack.
    const asDeployed = resource.replace(
      /:multus-eni-reconciler(?=[.-])/,
      ':multus-eni-reconciler-test',
    );
    const request = { action, resource: asDeployed, context };
    const allowed = await isAllowed(roles.get('ReconcileRole') ?? [], request);
    return allowed && action !== withheld;
  });
  expect((await look()).codes).not.toContain('ME507');
  withheld = 'ec2:UnassignIpv6Addresses';
  const { codes, text } = await look();
  expect(codes).toContain('ME507');
  expect(text).toContain('may not ec2:UnassignIpv6Addresses on arn:aws:ec2:us-east-1:111122223333');
});

const role = z.object({
  kind: z.literal('ClusterRole'),
  rules: z.array(
    z.object({
      apiGroups: z.array(z.string()),
      resources: z.array(z.string()),
      verbs: z.array(z.string()),
    }),
  ),
});

test('what the cluster is asked about is what deploy/base allows', () => {
  const text = readFileSync('deploy/base/functions-rbac.yaml', 'utf8');
  const [{ rules } = { rules: [] }] = parseAllDocuments(text).flatMap((document) => {
    return role.safeParse(document.toJS()).data ?? [];
  });
  const allowed = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((each) => verbs.map((verb) => `${verb} ${group}/${each}`)),
    ),
  );
  const asked = RIGHTS.map(({ verb, group, resource, subresource }) => {
    return `${verb} ${group}/${[resource, subresource].filter(Boolean).join('/')}`;
  });
  expect(asked.toSorted()).toEqual(allowed.toSorted());
});
