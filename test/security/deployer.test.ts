import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ACCOUNT, REGION } from '../../sandbox/aws.ts';
import { KUBERNETES_GROUP } from '../../shared/cluster/errors.ts';
import { type IamRequest, isAllowed, roleStatements } from '../unit/resources/roles.ts';

const { Statement } = z
  .object({ Statement: roleStatements })
  .parse(
    JSON.parse(readFileSync(new URL('../../deploy/iam/deployer.json', import.meta.url), 'utf8')),
  );
const may = (action: string, resource: string, context: IamRequest['context'] = {}) =>
  isAllowed(Statement, { action, resource, context });

const role = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const eks = (rest: string) => `arn:aws:eks:${REGION}:${ACCOUNT}:${rest}`;
const OURS = 'multus-eni-reconciler-prod-ReconcileRole-1';
const entryOf = (name: string) => eks(`access-entry/demo/role/${ACCOUNT}/${name}/1`);
const ASSOCIATION = eks('podidentityassociation/demo/a-1');
const STACK = 'aws:ResourceTag/aws:cloudformation:stack-name';
const ofOurStack = { [STACK]: 'multus-eni-reconciler-prod' };
const ofAnother = { [STACK]: 'payments' };

/* What the policy for a deployer allows, and what is near to it and denied, by evaluation. */
describe('a deployer', () => {
  test('sets the boundary of a role, takes none away, and puts no other in its place', async () => {
    const boundary = (name: string) => ({ 'iam:PermissionsBoundary': name });
    const own = boundary(`arn:aws:iam::${ACCOUNT}:policy/corp-multus-eni-boundary`);
    const put = 'iam:PutRolePermissionsBoundary';
    expect(await may(put, role(OURS), own)).toBe(true);
    expect(await may(put, role('admin'), own)).toBe(false);
    const administrator = boundary('arn:aws:iam::aws:policy/AdministratorAccess');
    expect(await may(put, role(OURS), administrator)).toBe(false);
    expect(await may(put, role(OURS))).toBe(false);
    expect(await may('iam:DeleteRolePermissionsBoundary', role(OURS), own)).toBe(false);
  });

  const asked = (groups: string[], principal = OURS, type = 'STANDARD') => ({
    'eks:kubernetesGroups': groups,
    'eks:principalArn': role(principal),
    'eks:accessEntryType': type,
  });

  test('lets into a cluster a role of ours, with our group and no other', async () => {
    const create = (context: IamRequest['context']) =>
      may('eks:CreateAccessEntry', eks('cluster/demo'), context);
    expect(await create(asked([KUBERNETES_GROUP]))).toBe(true);
    expect(await create(asked(['admins']))).toBe(false);
    expect(await create(asked([KUBERNETES_GROUP, 'admins']))).toBe(false);
    expect(await create(asked([KUBERNETES_GROUP], 'admin'))).toBe(false);
    expect(await create(asked([KUBERNETES_GROUP], OURS, 'EC2_LINUX'))).toBe(false);
    for (const action of ['eks:AssociateAccessPolicy', 'eks:DisassociateAccessPolicy']) {
      expect(await may(action, entryOf(OURS)), action).toBe(false);
    }
  });

  test('changes and removes the access entries of our roles alone', async () => {
    const update = (name: string, groups: string[]) =>
      may('eks:UpdateAccessEntry', entryOf(name), { 'eks:kubernetesGroups': groups });
    expect(await update(OURS, [KUBERNETES_GROUP])).toBe(true);
    expect(await update(OURS, ['admins'])).toBe(false);
    expect(await update('admin', [KUBERNETES_GROUP])).toBe(false);
    for (const action of ['eks:DeleteAccessEntry', 'eks:TagResource', 'eks:UntagResource']) {
      expect(await may(action, entryOf(OURS)), action).toBe(true);
      expect(await may(action, entryOf('admin')), action).toBe(false);
    }
    expect(await may('eks:TagResource', eks('cluster/demo'))).toBe(false);
  });

  test('changes and removes the Pod Identity associations of our stacks alone', async () => {
    expect(await may('eks:CreatePodIdentityAssociation', eks('cluster/demo'))).toBe(true);
    for (const action of [
      'eks:UpdatePodIdentityAssociation',
      'eks:DeletePodIdentityAssociation',
      'eks:UntagResource',
    ]) {
      expect(await may(action, ASSOCIATION, ofOurStack), action).toBe(true);
      expect(await may(action, ASSOCIATION, ofAnother), action).toBe(false);
      expect(await may(action, ASSOCIATION), action).toBe(false);
    }
    // As the association is created it has no tag yet.
    expect(await may('eks:TagResource', ASSOCIATION)).toBe(true);
    expect(await may('eks:TagResource', ASSOCIATION, ofAnother)).toBe(false);
  });

  test('makes the rule that rings, and no other', async () => {
    const rule = (name: string) => `arn:aws:events:${REGION}:${ACCOUNT}:rule/${name}`;
    for (const action of ['events:PutRule', 'events:PutTargets', 'events:DeleteRule']) {
      expect(await may(action, rule('multus-eni-reconciler-prod-reassignment')), action).toBe(true);
      expect(await may(action, rule('payments')), action).toBe(false);
    }
  });
});
