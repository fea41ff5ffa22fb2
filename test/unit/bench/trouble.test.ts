import { expect, test } from 'vitest';
import { playInThread } from '../../../bench/budget/in-thread.ts';
import type { ScenarioName } from '../../../bench/budget/scenarios/index.ts';

/**
 * Four execution environments try each action once in eight seconds, and more often at first. Reads, assigns and
 * releases each learn by themselves that EC2 throttles.
 */
const FEW_A_MINUTE = 200;

async function play(scenario: ScenarioName) {
  const order = { scenario, seed: 3, nodes: 8, ec2ReadMs: 100, ec2WriteMs: 300 };
  return playInThread(order);
}

test.each(['throttlesAll', 'servesAnother'] as const)(
  'Through ten minutes of %s few calls are sent, no work is lost, and it goes on within ten seconds of the end',
  async (scenario) => {
    const { figures, details } = await play(scenario);
    expect(figures.throttled).toBeGreaterThan(100);
    expect(details['throttled in the worst minute']).toBeLessThanOrEqual(FEW_A_MINUTE);
    expect(details['dead letters']).toBe(0);
    expect(figures.seconds).toBeLessThanOrEqual(10);
  },
);

test('If EC2 takes five seconds a call, no more calls are sent, and no work is lost', async () => {
  const { figures, details } = await play('isSlow');
  expect({ ...figures, ...details }).toMatchObject({ throttled: 0, refused: 0, 'dead letters': 0 });
  // 120 pods came with an address on two ENIs each.
  expect(figures.assign).toBeLessThanOrEqual(1.2 * 240);
});

test('Ten times the limits are no trouble', async () => {
  const { figures, details } = await play('hasRaisedLimits');
  expect({ ...figures, ...details }).toMatchObject({ throttled: 0, refused: 0, 'dead letters': 0 });
  // The nodes of a batch wait for each other's Node, so that one call reads the ENIs of all.
  expect(figures.p99Ms).toBeLessThanOrEqual(450);
});
