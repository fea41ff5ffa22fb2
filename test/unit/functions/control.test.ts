import {
  AssignPrivateIpAddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { createControls } from '../../../functions/control.ts';
import { StoppedError } from '../../../functions/stoppable.ts';
import { sweepClusters } from '../../../functions/sweep/sweep-clusters.ts';
import { virtualClock } from '../../../sandbox/clock.ts';
import { StalePodsError } from '../../../shared/apply/release.ts';
import { controlName, ownerName } from '../../../shared/control.ts';
import { POLICIES } from '../../../shared/plan/policy.ts';
import { recordedTelemetry } from '../../support/telemetry.ts';

const STAGE = 'prod';
const STOPPED = (cluster: string, policy = 'dry-run') =>
  JSON.stringify({ stops: [{ cluster, policy, since: '2026-12-01T00:00:00Z' }] });

/** An execution environment, with the parameters that it finds. */
function environment() {
  const clock = virtualClock(0);
  const telemetry = recordedTelemetry();
  const parameters = new Map<string, string>();
  const asked: string[] = [];
  const sent: unknown[] = [];
  let broken = false;
  const read = async (name: string) => {
    asked.push(name);
    if (broken) throw new Error('SSM is down');
    return parameters.get(name);
  };
  const controls = createControls(STAGE, read, { clock, telemetry });
  const plain = {
    send: async (command: unknown) => {
      sent.push(command);
    },
  };
  return {
    asked,
    clock,
    controls,
    ec2: controls.stoppable(plain as never, 'demo'),
    parameters,
    sent,
    telemetry,
    breakSsm: () => {
      broken = true;
    },
    policy: async () => (await controls.policyOf('demo', POLICIES.sync)).name,
  };
}

const assign = (...PrivateIpAddresses: string[]) =>
  new AssignPrivateIpAddressesCommand({ NetworkInterfaceId: 'eni-1', PrivateIpAddresses });
const unassign = (...PrivateIpAddresses: string[]) =>
  new UnassignPrivateIpAddressesCommand({ NetworkInterfaceId: 'eni-2', PrivateIpAddresses });

describe('a stop', () => {
  test.each(['demo', '*'])(
    'of %s is in force for whoever begins five seconds later',
    async (named) => {
      const { clock, parameters, policy } = environment();
      expect(await policy()).toBe('sync');
      parameters.set(controlName(STAGE), STOPPED(named));
      clock.advance(5_000);
      expect(await policy()).toBe('dry-run');
      parameters.delete(controlName(STAGE));
      clock.advance(5_000);
      expect(await policy()).toBe('sync');
    },
  );

  test('of another cluster is none', async () => {
    const { parameters, policy } = environment();
    parameters.set(controlName(STAGE), STOPPED('other'));
    expect(await policy()).toBe('sync');
  });

  test('of releases alone leaves the assignments', async () => {
    const { parameters, policy, ec2, sent } = environment();
    parameters.set(controlName(STAGE), STOPPED('demo', 'upsert-only'));
    expect(await policy()).toBe('upsert-only');
    await ec2.send(assign('10.0.0.1'));
    await expect(ec2.send(unassign('10.0.0.2'))).rejects.toThrow(StoppedError);
    expect(sent).toHaveLength(1);
  });

  test('ends what is under way at its next writing call', async () => {
    const { clock, ec2, parameters, policy, sent } = environment();
    await policy();
    await ec2.send(assign('10.0.0.1'));
    parameters.set(controlName(STAGE), STOPPED('demo'));
    clock.advance(5_001);
    await expect(ec2.send(assign('10.0.0.2'))).rejects.toThrow(StoppedError);
    await expect(ec2.send(unassign('10.0.0.1'))).rejects.toThrow(StoppedError);
    expect(sent).toHaveLength(1);
  });

  test('ends a release that was under way for long, and its node is read again', async () => {
    const { clock, ec2, parameters, policy, sent } = environment();
    await policy();
    parameters.set(controlName(STAGE), STOPPED('demo'));
    clock.advance(10_000);
    await expect(ec2.send(unassign('10.0.0.1'))).rejects.toThrow(StalePodsError);
    await expect(ec2.send(unassign('10.0.0.1'))).rejects.toThrow(StoppedError);
    expect(sent).toEqual([]);
  });

  test('that is being read ends a release too, if the last answer is as old', async () => {
    const { clock, controls, ec2, parameters, policy, sent } = environment();
    await policy();
    parameters.set(controlName(STAGE), STOPPED('demo'));
    clock.advance(10_000);
    const reading = controls.policyOf('demo', POLICIES.sync);
    await expect(ec2.send(unassign('10.0.0.1'))).rejects.toThrow(StalePodsError);
    await reading;
    expect(sent).toEqual([]);
  });

  test('lets an address arrive that was taken from another ENI for it', async () => {
    const { clock, ec2, parameters, policy, sent } = environment();
    await policy();
    await ec2.send(unassign('10.0.0.1'));
    parameters.set(controlName(STAGE), STOPPED('demo'));
    clock.advance(5_001);
    await ec2.send(assign('10.0.0.1'));
    expect(sent).toHaveLength(2);
  });

  test('costs one call in five seconds, however much is written', async () => {
    const { asked, clock, ec2, policy } = environment();
    for (let second = 0; second < 20; second += 1) {
      await policy();
      await ec2.send(assign('10.0.0.1'));
      clock.advance(1_000);
    }
    expect(asked.filter((name) => name === controlName(STAGE))).toHaveLength(4);
  });
});

describe('where SSM cannot be read', () => {
  test('what was read last counts, and a metric says so', async () => {
    const { breakSsm, clock, parameters, policy, telemetry } = environment();
    parameters.set(controlName(STAGE), STOPPED('demo'));
    expect(await policy()).toBe('dry-run');
    breakSsm();
    clock.advance(60_000);
    expect(await policy()).toBe('dry-run');
    expect(telemetry.total('ControlUnreadable')).toBeGreaterThan(0);
  });

  test('releases go on by what was read last', async () => {
    const { breakSsm, clock, ec2, policy, sent } = environment();
    await policy();
    breakSsm();
    clock.advance(60_000);
    await policy();
    await ec2.send(unassign('10.0.0.1'));
    expect(sent).toHaveLength(1);
  });

  test('nothing is released, and addresses are assigned, until it was read once', async () => {
    const { breakSsm, policy } = environment();
    breakSsm();
    expect(await policy()).toBe('upsert-only');
  });
});

describe('a cluster that another stage serves', () => {
  test('gets nothing written', async () => {
    const { controls, parameters, policy } = environment();
    parameters.set(ownerName('demo'), 'test');
    expect(await policy()).toBe('dry-run');
    expect(controls.otherOwner('demo')).toBe('test');
  });

  test.each([STAGE, undefined])('is none if its owner is %s', async (owner) => {
    const { parameters, policy } = environment();
    if (owner !== undefined) parameters.set(ownerName('demo'), owner);
    expect(await policy()).toBe('sync');
  });
});

describe('a sweep', () => {
  async function sweepOf(text: readonly [name: string, value: string]) {
    const { clock, controls, parameters, telemetry } = environment();
    parameters.set(...text);
    const config = { name: 'demo', policy: POLICIES.sync };
    const access = { cluster: 'demo', policy: POLICIES.sync };
    const context = {
      clock,
      controls,
      telemetry,
      sendTo: () => async () => {},
      inventory: { managed: async () => [] },
      accessTo: async () => access,
      clusters: { named: async () => ({ config, queueUrl: 'q' }) },
    };
    await sweepClusters(context as never, ['demo'], 60_000);
    return telemetry;
  }

  test('of a stopped cluster says that the cluster is stopped', async () => {
    const telemetry = await sweepOf([controlName(STAGE), STOPPED('demo')]);
    expect(telemetry.values('ClusterStopped', 'demo')).toEqual([1]);
  });

  test("of another stage's cluster fails, and says whose it is", async () => {
    const telemetry = await sweepOf([ownerName('demo'), 'test']);
    expect(telemetry.total('SweepFailed', 'demo')).toBe(1);
    expect(
      JSON.stringify(telemetry.lines, (_, each) => (each instanceof Error ? each.message : each)),
    ).toContain('stage test serves cluster demo');
  });
});
