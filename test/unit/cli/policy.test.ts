import { describe, expect, test } from 'vitest';
import { operatorBed } from './operator-bed.ts';

/** The sandbox's stage, whose cluster is configured with a policy. */
async function configured(policy: string) {
  const { bed, cluster, operate, workers } = await operatorBed(1);
  const { ssm, environment } = bed.world;
  const settings = { ...environment, CLUSTERS: JSON.stringify([{ name: 'demo', policy }]) };
  ssm.putParameter('/multus-eni-reconciler/demo/settings', JSON.stringify(settings));
  const [worker] = workers;
  if (worker === undefined) throw new Error('one worker was asked for');
  await cluster.runPod('app', { on: worker });
  const first = async (...args: string[]): Promise<string> => {
    const { stdout } = await operate([...args, '--stage', 'demo']);
    return stdout.replaceAll(/\s+/g, ' ');
  };
  return { first, node: worker.name };
}

const NOTHING =
  'dry-run: nothing is assigned or released. To change that, set policy: sync in config/demo.yml, and deploy';

describe('the policy is dry-run', () => {
  test('explain and drift say so before anything else', async () => {
    const { first, node } = await configured('dry-run');
    for (const args of [
      ['drift'],
      ['explain', 'pod', 'default/app'],
      ['explain', 'ip', '172.16.1.70'],
      ['explain', 'node', node],
    ]) {
      expect(await first(...args)).toMatch(new RegExp(`^The policy of demo is ${NOTHING}\\.`));
    }
  });

  test('status begins with it', async () => {
    const { first } = await configured('dry-run');
    expect(await first('status')).toMatch(new RegExp(`^demo policy ${NOTHING}`));
  });
});

test('status shows the policy sync, and drift does not', async () => {
  const { first } = await configured('sync');
  expect(await first('status')).toMatch(/^demo policy sync forwarder /);
  expect(await first('drift')).not.toContain('policy');
});
