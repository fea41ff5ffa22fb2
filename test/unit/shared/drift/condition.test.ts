import { describe, expect, it } from 'vitest';
import { IGNORE } from '../../../../shared/cluster/annotations.ts';
import type { PodCondition } from '../../../../shared/cluster/kubernetes.ts';
import { conditionOf, isSame, type PodOutcome } from '../../../../shared/drift/condition.ts';
import { FULL, heldBy, POD, placed, problem, UNREADABLE } from './outcomes.ts';

const condition = (spec: Partial<PodOutcome>) =>
  conditionOf({ pod: POD, placed: [], problems: [], ...spec });

describe('the condition of a pod', () => {
  it('lists the addresses on their ENIs, in the order of the addresses', () => {
    const both = [placed('172.16.3.70', 'eni-2'), placed('172.16.1.70')];
    expect(condition({ placed: both })).toEqual({
      status: 'True',
      reason: 'Assigned',
      message: 'assigned: 172.16.1.70 on eni-1, 172.16.3.70 on eni-2',
    });
  });

  it('is false for one problem among assigned addresses, and says both', () => {
    const told = condition({
      placed: [placed('172.16.1.70')],
      problems: [problem('172.16.1.71', FULL)],
    });
    expect(told).toMatchObject({ status: 'False', reason: 'EniFull' });
    expect(told?.message).toMatch(/^assigned: 172\.16\.1\.70 on eni-1; 172\.16\.1\.71: eni-full: /);
  });

  it('is the same whatever the order of addresses and problems', () => {
    const spec = {
      placed: [placed('172.16.1.70'), placed('172.16.1.9')],
      problems: [problem('172.16.1.72', FULL), problem('172.16.1.71', heldBy('q')), UNREADABLE],
    };
    const turned = { placed: spec.placed.toReversed(), problems: spec.problems.toReversed() };
    expect(condition(turned)).toEqual(condition(spec));
  });

  it.each([
    ['EniFull', FULL],
    ['Conflict', heldBy('q')],
    ['HeldElsewhere', { kind: 'held-elsewhere', eniId: 'eni-9', why: 'policy' } as const],
    ['OutsideConfiguredRanges', { kind: 'outside-configured-ranges' } as const],
  ])('has the reason %s in the form that Kubernetes asks for', (reason, what) => {
    const told = condition({ problems: [problem('172.16.1.70', what)] });
    expect(told?.reason).toBe(reason);
    expect(told?.reason).toMatch(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/);
  });

  it('of a pod that is none of our business is not written', () => {
    expect(condition({})).toBeUndefined();
  });

  it('of a pod that waits for it, with nothing to assign, is true', () => {
    expect(condition({ pod: { ...POD, gated: true } })).toMatchObject({
      status: 'True',
      reason: 'NothingToAssign',
    });
  });

  it('of a pod that waits for it is not written before Multus has attached the pod', () => {
    expect(condition({ pod: { ...POD, gated: true, annotations: {} } })).toBeUndefined();
  });

  it.each<[string, Partial<PodOutcome>]>([
    ['is on a node outside EC2', { outsideEc2: true }],
    ['is on the host’s network', { pod: { ...POD, hostNetwork: true, annotations: {} } }],
    ['is to be ignored', { pod: { ...POD, annotations: { [IGNORE]: 'true' } } }],
  ])('of a pod that waits for it and %s is true at once', (_, spec) => {
    const annotations = spec.pod?.annotations ?? {};
    const pod = { ...POD, ...spec.pod, annotations };
    expect(condition({ ...spec, pod })).toBeUndefined();
    expect(condition({ ...spec, pod: { ...pod, gated: true } })).toMatchObject({
      status: 'True',
      reason: 'NothingToAssign',
    });
  });

  it('of a pod that had addresses and has none by now says so', () => {
    const before = { status: 'True', reason: 'Assigned', message: 'assigned: x' } as const;
    expect(condition({ pod: { ...POD, condition: before } })).toMatchObject({
      reason: 'NothingToAssign',
      message: 'assigned: none',
    });
  });
});

it('a condition is the same only in all that is written', () => {
  const one: PodCondition = { status: 'True', reason: 'Assigned', message: 'm' };
  expect(isSame(one, { ...one })).toBe(true);
  expect(isSame(one, undefined)).toBe(false);
  expect(isSame(one, { ...one, status: 'False' })).toBe(false);
  expect(isSame(one, { ...one, reason: 'Other' })).toBe(false);
  expect(isSame(one, { ...one, message: 'n' })).toBe(false);
});
