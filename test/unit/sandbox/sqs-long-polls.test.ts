import { expect, it } from 'vitest';
import { virtualClock } from '../../../sandbox/clock.ts';
import { longPolls } from '../../../sandbox/sqs/long-polls.ts';
import type { Clock } from '../../../shared/time/clock.ts';

const NEVER = new AbortController().signal;

it('a waiting receive gets a message whose time comes while the queue is being tried', async () => {
  const clock = virtualClock(0);
  const visibleAt = 1_000;
  // The clock moves on between the look at the messages and the question for the next one, as the
  // machine's may.
  const seen = (): readonly string[] => {
    const now = clock.now();
    if (now === visibleAt - 1) clock.advance(1);
    return now >= visibleAt ? ['message'] : [];
  };
  const polls = longPolls<string>(clock, (_, now) => (visibleAt > now ? visibleAt : undefined));
  const received = polls.wait('queue', 20_000, seen, NEVER);

  clock.advance(visibleAt - 1);
  polls.changed('queue');
  clock.advance(1_000);
  expect(await received).toEqual(['message']);
});

it('one receive that gives up leaves the others waiting for the next message', async () => {
  const timers = virtualClock(0);
  let now = 0;
  // Timers that are late, as those of a busy machine.
  const clock: Clock = { now: () => now, monotonic: () => now, after: timers.after };
  const seen = (): readonly string[] => (now >= 1_000 ? ['message'] : []);
  const polls = longPolls<string>(clock, (_, at) => (at < 1_000 ? 1_000 : undefined));
  const givingUp = new AbortController();
  const given = polls.wait('queue', 20_000, () => [], givingUp.signal);
  const received = polls.wait('queue', 20_000, seen, NEVER);

  now = 1_001;
  givingUp.abort();
  timers.advance(2_000);
  expect(await given).toEqual([]);
  expect(await received).toEqual(['message']);
});
