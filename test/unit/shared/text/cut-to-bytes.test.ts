import { expect, test } from 'vitest';
import { cutToBytes } from '../../../../shared/text/cut-to-bytes.ts';

test.each([
  ['abc', 3, 'abc'],
  ['abc', 2, 'ab'],
  ['é€😀', 9, 'é€😀'],
  ['é€😀', 8, 'é€'],
  ['é€😀', 4, 'é'],
  ['é€😀', 1, ''],
])('of %j in %i bytes the whole characters are kept', (text, bytes, expected) => {
  expect(cutToBytes(text, bytes)).toBe(expected);
});
