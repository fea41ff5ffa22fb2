/** docs/design.md, "A dry run": what a pod is told, in which order policies and stops follow each other. */
import { describe, expect, test } from 'vitest';
import { controlName } from '../../shared/control.ts';
import { startScene } from './scene.ts';

const X = '172.16.1.70';
const Y = '172.16.1.71';
const STOP = { cluster: '*', policy: 'dry-run', since: '2026-12-01T00:00:00Z' };

describe('the policy is dry-run from the first day on', () => {
  test('each pod is told so once, and has its address after the policy was set to sync', async () => {
    const scene = await startScene({ policy: 'dry-run' });
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    const told = p1.told();
    expect(told).toMatch(/^DryRun: assigned: none; dry-run: .* It would assign 172\.16\.1\.70 on /);
    await scene.look('a');
    expect(p1.told()).toBe(told);
    expect(scene.ec2.whereIs(X)).toBe('nowhere');
    expect(scene.entry('a', X)).toBe('nothing');

    scene.deploy('sync');
    await scene.sweep();
    await scene.deliver();
    expect(p1.told()).toMatch(/^Assigned: assigned: 172\.16\.1\.70 on /);
    await scene.expectSettled();
  });

  test('what one pod is told of decides nothing for another that claims the address', async () => {
    const scene = await startScene({ policy: 'dry-run' });
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    scene.deploy('sync');
    const p2 = scene.pod('p2', { node: 'b', namespace: 'ns2', ips: [X] });
    await scene.look('b');
    await scene.look('a');
    expect(p2.told()).toMatch(/^Assigned: /);
    expect(p1.told()).toMatch(/^Conflict: /);
    await scene.expectSettled();
  });
});

describe('the policy becomes dry-run while pods have addresses', () => {
  test('a pod that was told to have its address keeps its condition, and so its readiness', async () => {
    const scene = await startScene();
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    const told = p1.told();
    expect(told).toMatch(/^Assigned: /);

    scene.deploy('dry-run');
    p1.claim({ ips: [Y] });
    const p2 = scene.pod('p2', { node: 'a', ips: [X] });
    await scene.look('a');
    expect(p1.told()).toBe(told);
    expect(p2.told()).toMatch(/^DryRun: .* keep 172\.16\.1\.70 on /);
  });
});

describe('an operator stops the cluster, which writes nothing', () => {
  test.each(['sync', 'dry-run'] as const)('no pod is told anything under %s', async (policy) => {
    const parameters = new Map([[controlName('scene'), JSON.stringify({ stops: [STOP] })]]);
    const readSettings = async (name: string) => parameters.get(name);
    const scene = await startScene({ policy, readSettings });
    const p1 = scene.pod('p1', { node: 'a', ips: [X] });
    await scene.look('a');
    expect(p1.told()).toBe('');
  });
});
