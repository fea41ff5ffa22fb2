import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../../../../functions/reconcile/tell/pod-events.ts';
import type { PodCondition } from '../../../../../shared/cluster/kubernetes.ts';
import { conditionOf, isSame, type PodOutcome } from '../../../../../shared/drift/condition.ts';
import { FULL, heldBy, POD, placed, problem, UNREADABLE } from '../../../shared/drift/outcomes.ts';

type Outcome = Partial<Pick<PodOutcome, 'placed' | 'problems'>>;

function conditionAfter(outcome: Outcome, condition?: PodCondition): PodCondition {
  const now = conditionOf({ placed: [], problems: [], ...outcome, pod: { ...POD, condition } });
  if (now === undefined) throw new Error('nothing to tell');
  return now;
}

/** The Events about what changed from one outcome to the next, as `reason: message`. */
function told(now: Outcome, before?: Outcome): string[] {
  const condition = before && conditionAfter(before);
  const outcome = { placed: [], problems: [], ...now, pod: { ...POD, condition } };
  return eventsOf(outcome, conditionAfter(now, condition)).map(
    ({ reason, message }) => `${reason}: ${message}`,
  );
}

describe('an Event', () => {
  it('tells of assigned addresses, their ENIs and interfaces', () => {
    const both = [placed('172.16.1.70'), placed('172.16.3.70', 'eni-2', 'net2')];
    expect(told({ placed: both })).toEqual([
      'IPsAssigned: assigned 172.16.1.70 to eni-1 (net1), 172.16.3.70 to eni-2 (net2)',
    ]);
  });

  it('tells of an address that moved to another ENI', () => {
    const moved = told(
      { placed: [placed('172.16.1.70', 'eni-3')] },
      { placed: [placed('172.16.1.70')] },
    );
    expect(moved).toEqual(['IPsAssigned: assigned 172.16.1.70 to eni-3 (net1)']);
  });

  it('is about the pod, a warning for what failed', () => {
    const problems = [problem('172.16.1.70', FULL)];
    const [event] = eventsOf({ pod: POD, placed: [], problems }, conditionAfter({ problems }));
    expect(event).toMatchObject({
      regarding: { kind: 'Pod', namespace: 'default', name: 'app', uid: 'uid-app' },
      type: 'Warning',
      reason: 'IPAssignmentFailed',
    });
    expect(event?.message).toMatch(/^172\.16\.1\.70: its ENI eni-1 has as many addresses/);
  });

  it.each([
    ['a problem', problem('172.16.1.71', FULL)],
    ['an annotation that cannot be read', UNREADABLE],
  ])('of %s is not repeated when the condition changes for another reason', (_, old) => {
    const before = { problems: [old] };
    const now = { placed: [placed('172.16.1.70')], problems: [old] };
    expect(told(now, before)).toEqual(['IPsAssigned: assigned 172.16.1.70 to eni-1 (net1)']);
  });

  it('of an annotation that is wrong in another way by now is new', () => {
    const other = { ...UNREADABLE, detail: 'longer than 1048576 characters' };
    expect(told({ problems: [other] }, { problems: [UNREADABLE] })).toHaveLength(1);
  });

  it('of another kind of problem with the same address is new', () => {
    const before = { problems: [problem('172.16.1.70', FULL)] };
    expect(told({ problems: [problem('172.16.1.70', heldBy('q'))] }, before)).toEqual([
      expect.stringMatching(/^IPAssignmentFailed: 172\.16\.1\.70: held by pod default\/q on node/),
    ]);
  });

  it('of a conflict is not repeated when the holder changes', () => {
    const before = { problems: [problem('172.16.1.70', heldBy('q'))] };
    expect(told({ problems: [problem('172.16.1.70', heldBy('r'))] }, before)).toEqual([]);
  });

  it('tells again of a problem that had gone', () => {
    const before = { placed: [placed('172.16.1.70')] };
    expect(told({ problems: [problem('172.16.1.70', FULL)] }, before)).toHaveLength(1);
  });
});

it('an unchanged outcome is read back from its condition as the same: nothing is to be written', () => {
  const outcome = {
    placed: [placed('172.16.1.70'), placed('2001:db8:0:1::70')],
    problems: [
      problem('172.16.1.71', {
        kind: 'refused',
        eniId: 'eni-1',
        answer: 'Some; text:\nwith 1.2.3.4: x',
      }),
      problem('172.16.1.72', heldBy('q')),
      UNREADABLE,
    ],
  };
  const before = conditionAfter(outcome);
  expect(isSame(conditionAfter(outcome, before), before)).toBe(true);
  expect(told(outcome, outcome)).toEqual([]);
});
