import { expect, test } from 'vitest';
import { virtualClock } from '../../../../sandbox/clock.ts';
import { createPause } from '../../../../shared/enis/pause.ts';

function start() {
  const clock = virtualClock();
  return { clock, pause: createPause(clock) };
}

test('A pause doubles from one to eight seconds while nothing else is answered', () => {
  const { clock, pause } = start();
  const lengths = Array.from({ length: 6 }, () => {
    pause.throttled();
    const left = pause.left();
    clock.advance(Math.max(1_000, left));
    return left;
  });
  expect(lengths).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
});

test('Calls that were sent side by side and are throttled say it once', () => {
  const { clock, pause } = start();
  expect(pause.throttled()).toBe(true);
  clock.advance(999);
  expect(pause.throttled()).toBe(false);
  expect(pause.left()).toBe(1);
});

test('Any answer ends it, and the next is short again', () => {
  const { clock, pause } = start();
  pause.throttled();
  clock.advance(1_000);
  pause.throttled();
  pause.answered();
  expect({ left: pause.left(), isOn: pause.isOn() }).toEqual({ left: 0, isOn: false });
  clock.advance(1_000);
  pause.throttled();
  expect(pause.left()).toBe(1_000);
});

test('While it is on, who tries has the others wait for the answer; else nobody waits', () => {
  const { clock, pause } = start();
  pause.trying();
  expect(pause.left()).toBe(0);
  pause.throttled();
  clock.advance(1_000);
  pause.trying();
  expect(pause.left()).toBe(1_000);
});
