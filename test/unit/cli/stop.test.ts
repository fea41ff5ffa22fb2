import { describe, expect, test } from 'vitest';
import { operatorBed } from './operator-bed.ts';

describe('stop and resume', () => {
  test('a stop is shown by status until it is ended', async () => {
    const { bed, operate } = await operatorBed();
    await bed.startForwarder();
    const stage = ['--stage', 'demo'];
    const stop = await operate(['stop', ...stage, '--cluster', 'demo', '--why', 'maintenance']);
    expect(stop).toMatchObject({ code: 0, stderr: '' });
    expect(stop.stdout).toContain('stopped: demo since');
    const shown = await operate(['status', ...stage]);
    expect(shown.stdout).toMatch(/stopped +demo since .+: nothing is written \(maintenance\)/);
    expect(shown.code).not.toBe(0);

    expect(await operate(['resume', ...stage, '--cluster', 'demo'])).toMatchObject({ code: 0 });
    expect((await operate(['status', ...stage])).stdout).not.toContain('stopped');
    expect(await operate(['resume', ...stage, '--cluster', 'demo'])).toMatchObject({ code: 3 });
  });

  test('a stop of the stage stays in force if that of one cluster ends', async () => {
    const { operate } = await operatorBed();
    await operate(['stop', '--stage', 'demo']);
    const ended = await operate(['resume', '--stage', 'demo', '--cluster', 'demo']);
    expect(ended.stdout).toContain('still in force: every cluster since');
  });

  test('what the brake withholds is let go in one cluster, which is named', async () => {
    const { operate } = await operatorBed();
    expect(await operate(['resume', '--stage', 'demo', '--releases'])).toMatchObject({ code: 2 });
    const cluster = ['--stage', 'demo', '--cluster', 'demo'];
    const let_ = await operate(['resume', ...cluster, '--releases', '--json']);
    expect(JSON.parse(let_.stdout)).toMatchObject({ stops: [], releases: [{ cluster: 'demo' }] });
  });
});
