import { describe, expect, it } from 'vitest';
import type { ActOptions } from '../../../../shared/apply/act.ts';
import { podWith } from '../../../support/in-memory-kubernetes.ts';
import { type ActBed, changesIn, startActBed } from './bed.ts';

const MANY = Array.from({ length: 150 }, (_, index) => `172.16.1.${100 + index}`);
const OTHERS = ['172.16.1.70', '172.16.1.71', '172.16.1.72'];
/** A node's own deadline is longer by far. */
const SOON_MS = 10_000;

/**
 * A pod on node A claims what somebody else's ENI has, and younger pods claim what nobody has. EC2
 * takes its time.
 */
async function startGreedy(): Promise<ActBed> {
  const bed = await startActBed();
  const { ec2, kubernetes, subnetId } = bed;
  ec2.addEni({ subnetId, secondary: MANY });
  kubernetes.pods = [
    podWith('node-a', 'greedy', MANY),
    ...OTHERS.map((ip, index) => podWith('node-a', `p${index}`, [ip], { createdAt: 1 + index })),
  ];
  const slow = { times: Number.POSITIVE_INFINITY };
  const isRead = ({ action }: { action: string }) => action.startsWith('Describe');
  ec2.faults.add({ ...slow, when: isRead, effect: { kind: 'delay', ms: 100 } });
  ec2.faults.add({ ...slow, when: (call) => !isRead(call), effect: { kind: 'delay', ms: 300 } });
  return bed;
}

async function reconcile(bed: ActBed, lookFirst: ActOptions['lookFirst'] = () => false) {
  const state = await bed.drive(bed.read(bed.a));
  const [begun, before] = [bed.clock.now(), bed.ec2.calls.all().length];
  const done = await bed.act(state, bed.decide(state), { lookFirst });
  return {
    ...done,
    tookMs: bed.clock.now() - begun,
    calls: bed.ec2.calls.all().slice(before),
  };
}

describe('a pod that claims hundreds of addresses which others have', () => {
  it('costs no calls for each of them, and the other pods of its node are served', async () => {
    const bed = await startGreedy();
    const { calls, problems, tookMs } = await reconcile(bed);
    expect(bed.on(bed.a.eth1)).toEqual(OTHERS);
    expect(tookMs).toBeLessThan(SOON_MS);
    expect(calls.length).toBeLessThanOrEqual(12);
    // All of them are told something.
    expect(problems.map((problem) => 'address' in problem && problem.address).sort()).toEqual(MANY);
  });

  it('nor for each of the nodes that have them', async () => {
    const bed = await startGreedy();
    const { b, c, kubernetes } = bed;
    const [ofB, ofC] = [MANY.slice(0, 4), MANY.slice(4, 9)];
    const [stranger] = [...bed.ec2.snapshot().enis.values()].filter((eni) => !eni.attachment);
    await bed.drive(bed.take(stranger?.id ?? '', ...MANY));
    await bed.drive(bed.own(b.eth1, ...ofB));
    await bed.drive(bed.own(c.eth1, ...ofC));
    kubernetes.pods.push(podWith('node-b', 'of-b', ofB), podWith('node-c', 'of-c', ofC));
    kubernetes.pods = kubernetes.pods.map((pod) =>
      pod.name === 'greedy' ? podWith('node-a', 'greedy', MANY.slice(0, 9)) : pod,
    );
    const { calls, problems } = await reconcile(bed);
    expect(problems.map(({ kind }) => kind)).toEqual([...ofB, ...ofC].map(() => 'conflict'));
    expect(bed.on(bed.a.eth1)).toEqual(OTHERS);
    // Who has them, and once what those have.
    const reads = calls.filter(({ action }) => action === 'DescribeNetworkInterfaces');
    expect(reads).toHaveLength(2);
  });

  it('nor if it was told so before', async () => {
    const bed = await startGreedy();
    const { calls, tookMs } = await reconcile(bed, ({ claim }) => claim.pod.name === 'greedy');
    expect(bed.on(bed.a.eth1)).toEqual(OTHERS);
    expect(tookMs).toBeLessThan(SOON_MS);
    expect(calls.length).toBeLessThanOrEqual(10);
  });

  it('nor if EC2 does not say which of them it refuses', async () => {
    const bed = await startGreedy();
    const { ec2, kubernetes } = bed;
    kubernetes.nodes = kubernetes.nodes.map((node) => ({ ...node, instanceType: undefined }));
    ec2.faults.add({
      action: 'AssignPrivateIpAddresses',
      times: Number.POSITIVE_INFINITY,
      when: ({ params }) => Object.values(params).some((each) => MANY.includes(each)),
      effect: { kind: 'error', code: 'InvalidParameterValue', message: 'An address is in use.' },
    });
    const { calls, problems, tookMs } = await reconcile(bed);
    expect(bed.on(bed.a.eth1)).toEqual(OTHERS);
    expect(problems.every(({ kind }) => kind === 'held-elsewhere')).toBe(true);
    expect(tookMs).toBeLessThan(SOON_MS);
    expect(calls.length).toBeLessThanOrEqual(10);
  });

  it('nor if each of them is refused for a reason of its own', async () => {
    const bed = await startGreedy();
    const nine = MANY.slice(0, 9);
    bed.kubernetes.pods = [
      podWith('node-a', 'greedy', nine),
      podWith('node-a', 'p0', OTHERS.slice(0, 1), { createdAt: 1 }),
    ];
    bed.ec2.faults.add({
      action: 'AssignPrivateIpAddresses',
      times: Number.POSITIVE_INFINITY,
      when: ({ params }) => Object.values(params).some((each) => nine.includes(each)),
      effect: { kind: 'error', code: 'OperationNotPermitted', message: 'No.' },
    });
    const [stranger] = [...bed.ec2.snapshot().enis.values()].filter(
      ({ attachment }) => !attachment,
    );
    await bed.drive(bed.take(stranger?.id ?? '', ...MANY));
    const { problems, tookMs } = await reconcile(bed);
    expect(bed.on(bed.a.eth1)).toEqual(OTHERS.slice(0, 1));
    expect(problems.map(({ kind }) => kind)).toEqual(nine.map(() => 'refused'));
    // Two calls for each, to find out; none of them a second time.
    expect(changesIn(bed.ec2).length).toBeLessThanOrEqual(2 * nine.length + 4);
    expect(tookMs).toBeLessThan(SOON_MS);
  });
});
