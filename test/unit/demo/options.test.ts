import { expect, test } from 'vitest';
import { readOptions } from '../../../demo/options.ts';

test('the demo says what it takes', () => {
  expect(readOptions(['--help'])).toMatchObject({ kind: 'text', exitCode: 0 });
  expect(readOptions(['--keep', '--json'])).toEqual({
    kind: 'play',
    options: { json: true, keep: true, real: false },
  });
});

test.each([['--kepp'], ['keep'], ['--json=yes'], ['-x']])(
  'the demo says what is wrong with %s, and what it takes instead',
  (option) => {
    const asked = readOptions([option]);
    expect(asked).toMatchObject({ kind: 'text', exitCode: 2 });
    const text = asked.kind === 'text' ? asked.text : '';
    expect(text).toContain('Usage: npm run demo');
    expect(text).not.toContain('node:');
  },
);
