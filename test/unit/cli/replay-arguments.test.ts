import { expect, test } from 'vitest';
import { run } from '../../../cli/replay/program.ts';
import { systemClock } from '../../../shared/time/clock.ts';
import { ended } from '../../support/ended.ts';

/** Runs a command that is to come to nothing before it asks anyone. */
async function runAlone(args: readonly string[]) {
  const nobody = async (): Promise<never> => {
    throw new Error('nobody is to be asked');
  };
  return ended((streams) =>
    run(args, {
      aws: () => ({
        sqs: { send: nobody },
        cloudFormation: { send: nobody },
        queueOfJoined: nobody,
      }),
      podsOf: nobody,
      clock: systemClock,
      ...streams,
      interrupted: () => new AbortController().signal,
      waitSeconds: 0,
    }),
  );
}

test.each([
  { args: [], says: 'Usage: replay' },
  { args: ['lits'], says: "unknown command 'lits'" },
  { args: ['list', '--all'], says: "unknown option '--all'" },
  { args: ['list'], says: 'Give --stage, or --queue-url' },
  { args: ['list', '--queue-url', 'queue'], says: 'It is no URL' },
  {
    args: ['list', '--stage', 'dev', '--queue-url', 'https://sqs.example/1/q.fifo'],
    says: "option '--queue-url <url>' cannot be used with option '--stage <stage>'",
  },
  { args: ['dlq', '--max', '0'], says: 'It is no number from 1 on' },
  { args: ['dlq', '--max', 'all'], says: 'It is no number from 1 on' },
  { args: ['file', '--stage', 'dev'], says: "missing required argument 'path'" },
  { args: ['node', 'demo'], says: "missing required argument 'node'" },
])('the arguments $args are refused, with what is wrong with them', async ({ args, says }) => {
  const { code, stderr, stdout } = await runAlone(args);
  expect(code).toBe(2);
  expect(stderr).toContain(says);
  expect(stdout).toBe('');
});

test.each(['list', 'dlq', 'file', 'node', 'cluster'])(
  'the help of %s tells the exit codes',
  async (command) => {
    const { code, stdout } = await runAlone([command, '--help']);
    expect(code).toBe(0);
    expect(stdout.match(/^ {2}\d+ /gm)?.map(Number)).toEqual([0, 1, 2, 3, 130]);
  },
);
