import { expect, onTestFinished, test } from 'vitest';
import { check } from '../../../demo/expect.ts';
import { play } from '../../../demo/play.ts';
import { failureText, reportOf } from '../../../demo/report.ts';

test('a step that does not come out as it must ends the demo, with what was expected', async () => {
  const resources = new AsyncDisposableStack();
  onTestFinished(() => resources.disposeAsync());
  const reached: string[] = [];
  const played = await play(resources, {
    silent: true,
    steps: [
      { name: 'well', run: async () => ['fine'] },
      {
        name: 'wrong',
        async run({ world }) {
          check(
            'the ENI of 172.16.1.70',
            'eni-1',
            world.ec2.holderOf('172.16.1.70')?.eniId ?? 'none',
          );
          return [];
        },
      },
      { name: 'never', run: async () => [String(reached.push('never'))] },
    ],
  });
  const report = reportOf(played);
  expect(report.ok).toBe(false);
  expect(report.steps.slice(1)).toMatchObject([
    { name: 'well', ok: true },
    { name: 'wrong', ok: false },
  ]);
  expect(reached).toEqual([]);
  const text = failureText(played);
  expect(text).toContain('failed at: wrong');
  expect(text).toContain("the ENI of 172.16.1.70\n  expected: 'eni-1'\n  actual:   'none'");
});
