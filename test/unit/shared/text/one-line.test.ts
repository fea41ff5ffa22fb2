import { expect, test } from 'vitest';
import { oneLine } from '../../../../shared/text/one-line.ts';

test('what people write stays as it is', () => {
  expect(oneLine('[0].ips[1]: "172.16.1.700" is not an address – siehe Köln 🙂')).toBe(
    '[0].ips[1]: "172.16.1.700" is not an address – siehe Köln 🙂',
  );
});

test.each([
  ['line breaks', 'one\r\ntwo\u2028three', 'one two three'],
  ['what steers a terminal', '\u001b[31mred\u0007', ' [31mred '],
  ['what turns the direction of reading', 'a\u202egnp.exe', 'a gnp.exe'],
  ['half a character', 'a\ud83d', 'a\ufffd'],
])('%s is taken out', (_what, text, line) => {
  expect(oneLine(text)).toBe(line);
});

test('a long text is cut, in well-formed Unicode', () => {
  const line = oneLine(`x${'🙂'.repeat(1000)}`);
  expect(line.length).toBe(501);
  expect(line.isWellFormed()).toBe(true);
});
