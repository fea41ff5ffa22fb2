/**
 * docs/design.md, "Schedules that broke earlier wordings": that of addresses which are assigned
 * again, because no ledger says that EC2 took them.
 */
import { describe, expect, test } from 'vitest';
import { parseAddress } from '../../shared/address.ts';
import { type Scene, startScene } from './scene.ts';
import type { ScenePod } from './scene-pod.ts';

const NINE = Array.from({ length: 9 }, (_, index) => `172.16.1.${70 + index}`);
/** What an interface of an m5.large takes, its primary address included. */
const LIMIT = 10;

type Params = Readonly<Record<string, string>>;

function addressesIn(params: Params): string[] {
  return Object.values(params).filter((value) => parseAddress(value) !== undefined);
}

/** An EC2 that counts what an ENI has already against the limit, although the call names it again. */
function countWhatIsThere({ world: { ec2 } }: Scene): void {
  ec2.faults.add({
    action: 'AssignPrivateIpAddresses',
    times: Number.POSITIVE_INFINITY,
    when: ({ params }) => {
      const has = 1 + ec2.eni(params.NetworkInterfaceId ?? '').secondary.length;
      return has + addressesIn(params).length > LIMIT;
    },
    effect: {
      kind: 'error',
      code: 'PrivateIpAddressLimitExceeded',
      message: 'Number of private addresses will exceed limit.',
    },
  });
}

/** An EC2 that refuses each call which names an address that the ENI has already. */
function refuseWhatIsThere({ world: { ec2 } }: Scene, code: string): void {
  ec2.faults.add({
    action: 'AssignPrivateIpAddresses',
    times: Number.POSITIVE_INFINITY,
    when: ({ params }) => {
      const has: readonly string[] = ec2.eni(params.NetworkInterfaceId ?? '').secondary;
      return addressesIn(params).some((address) => has.includes(address));
    },
    effect: { kind: 'error', code, message: 'Something is wrong with an address.' },
  });
}

async function startWith(ips: readonly string[]) {
  const scene = await startScene();
  const pods = ips.map((ip) => scene.pod(`p-${ip}`, { node: 'a', ips: [ip] }));
  await scene.look('a');
  return { scene, pods };
}

/** The ledger does not say that EC2 took what these pods have, as after a crash. */
function forget(scene: Scene, pods: readonly ScenePod[]): void {
  pods.forEach(({ uid }, index) => {
    const ip = NINE[index] ?? '';
    const pod = { namespace: 'ns1', name: `p-${ip}`, uid };
    scene.record('a', [ip], { state: 'assigning', pod });
  });
}

describe('26: EC2 refuses to assign again what an ENI has', () => {
  test('as it counts what is there: the pods of a full ENI stay ready, for a few calls', async () => {
    const { scene, pods } = await startWith(NINE);
    forget(scene, pods);
    countWhatIsThere(scene);
    const before = scene.ec2.attempts().length;
    await scene.look('a');

    for (const pod of pods) expect(pod.told()).toMatch(/^Assigned: /);
    expect(scene.ec2.attempts().slice(before)).toHaveLength(1);
  });

  test('as it counts what is there: a new pod gets the last place', async () => {
    const { scene, pods } = await startWith(NINE.slice(0, 8));
    forget(scene, pods);
    countWhatIsThere(scene);
    const before = scene.ec2.attempts().length;
    const last = scene.pod('last', { node: 'a', ips: ['172.16.1.80'] });
    await scene.look('a');

    for (const pod of [...pods, last]) expect(pod.told()).toMatch(/^Assigned: /);
    expect(scene.ec2.whereIs('172.16.1.80')).toBe('a/eth1');
    // All together, then the new one, then the others.
    expect(scene.ec2.attempts().slice(before)).toHaveLength(3);
  });

  test.each(['InvalidParameterValue', 'OperationNotPermitted', 'InvalidIPAddress.InUse'])(
    'with %s: who has an address stays ready, and a new pod gets its own',
    async (code) => {
      const { scene, pods } = await startWith(NINE.slice(0, 3));
      forget(scene, pods);
      refuseWhatIsThere(scene, code);
      const before = scene.ec2.attempts().length;
      const fresh = scene.pod('fresh', { node: 'a', ips: ['172.16.1.80'] });
      await scene.look('a');

      for (const pod of [...pods, fresh]) expect(pod.told()).toMatch(/^Assigned: /);
      expect(scene.ec2.whereIs('172.16.1.80')).toBe('a/eth1');
      // All together, the new one, the others; and these twice more, as they may be elsewhere.
      expect(scene.ec2.attempts().slice(before)).toHaveLength(5);
    },
  );

  test('what is wanted on a full ENI is still told that there is no room', async () => {
    const { scene, pods } = await startWith(NINE.slice(0, 8));
    countWhatIsThere(scene);
    const late = scene.pod('late', { node: 'a', ips: ['172.16.1.80'] });
    const a = scene.reconcile('a');
    await a.until('AssignPrivateIpAddresses');
    await scene.ec2.assignByHand(scene.worker('a').enis[1]?.id ?? '', '172.16.1.120');
    expect(await a.finish()).toEqual({ batchItemFailures: [] });

    expect(late.told()).toMatch(/^EniFull: /);
    for (const pod of pods) expect(pod.told()).toMatch(/^Assigned: /);
  });
});
