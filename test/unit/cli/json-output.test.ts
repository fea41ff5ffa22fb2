import { expect, test } from 'vitest';
import { outputTo } from '../../../cli/output.ts';
import { systemClock as clock } from '../../../shared/time/clock.ts';

test('--json prints nothing raw that steers a terminal or turns the direction of reading', () => {
  const hostile = '\u009b2J \u202e \u2066 \u007f \u2028 \u{e0001} \u001b[2J \n é 😀';
  const written: string[] = [];
  const stdout = { write: (text: string) => written.push(text) };
  const output = outputTo({ stdout, stderr: stdout, json: true, clock });
  const value = { [hostile]: [hostile] };
  output.result(value);
  const text = written.join('');
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  expect(JSON.parse(text)).toEqual(value);
  expect(text).toContain('é 😀');
});
