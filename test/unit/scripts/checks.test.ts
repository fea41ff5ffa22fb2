import { expect, it, vi } from 'vitest';
import { runChecks } from '../../../scripts/checks.ts';

const node = (name: string, code: string) => ({ name, command: [process.execPath, '-e', code] });

it('runs every check, counts one that fails and one that cannot start, and prints each in one piece', async () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const results = await runChecks([
    node('good', 'console.log("fine")'),
    node('bad', 'console.error("wrong"); process.exitCode = 1'),
    { name: 'missing', command: ['/nowhere/a-program'] },
  ]);
  const pieces = written.mock.calls.map(([piece]) => String(piece));

  expect(results).toEqual({ passed: 1, failed: 2 });
  expect(pieces).toHaveLength(3);
  expect(pieces).toContainEqual(expect.stringMatching(/^fine\nok: good /));
  expect(pieces).toContainEqual(expect.stringMatching(/^wrong\nFAILED: bad /));
  expect(pieces).toContainEqual(expect.stringMatching(/^cannot start .*\nFAILED: missing /));
});
