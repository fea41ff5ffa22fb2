import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type Address, fromInteger, parseAddress } from '../../../../shared/address.ts';
import {
  formatAssigned,
  formatConditionMessage,
  formatProblem,
  parseAssigned,
  parseProblems,
} from '../../../../shared/claims/condition-message.ts';

const address = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((n) => fromInteger(n, 4)),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((n) => fromInteger(n, 6)),
  fc.constantFrom<bigint>(0n, 1n, 2n ** 112n).map((n) => fromInteger(n, 6)),
);
const assigned = fc.array(
  fc.record({ address, eniId: fc.stringMatching(/^eni-[0-9a-f]{8,17}$/) }),
  { maxLength: 6 },
);
const kind = fc.constantFrom('conflict', 'eni-full', 'wrong-subnet', 'unreadable-annotation');
/** Text that tries to look like parts of a message. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '; ',
        ';',
        ': ',
        ', ',
        '\n',
        ' on ',
        'assigned: ',
        '10.0.0.1',
        'conflict',
        'eni-0abc',
        'none',
      ),
      fc.string(),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));
const problems = fc.array(fc.record({ address, kind, detail: hostile }), { maxLength: 6 });

function known(text: string): Address {
  const parsed = parseAddress(text);
  if (parsed === undefined) throw new Error(`${text} is not an address`);
  return parsed;
}

describe("the message of a pod's condition", () => {
  test('reads well', () => {
    const message = formatConditionMessage(
      [
        { address: known('172.16.1.70'), eniId: 'eni-0abc' },
        { address: known('172.16.3.70'), eniId: 'eni-0def' },
      ],
      [{ address: known('172.16.1.71'), kind: 'conflict', detail: 'held by pod ns/other' }],
    );
    expect(message).toBe(
      'assigned: 172.16.1.70 on eni-0abc, 172.16.3.70 on eni-0def; 172.16.1.71: conflict: held by pod ns/other',
    );
  });

  test('says when nothing is assigned', () => {
    expect(formatAssigned([])).toBe('assigned: none');
    expect(parseAssigned('assigned: none')).toEqual([]);
  });

  test('gives back what is assigned and which problems were told, whatever their details say', () => {
    fc.assert(
      fc.property(assigned, problems, (assigned, problems) => {
        const message = formatConditionMessage(assigned, problems);
        expect(parseAssigned(message)).toEqual(assigned);
        expect(parseProblems(message)).toEqual(
          problems.map(({ address, kind }) => ({ address, kind })),
        );
      }),
    );
  });

  test('tells of problems without an address, which are not read back', () => {
    fc.assert(
      fc.property(assigned, kind, hostile, (assigned, kind, detail) => {
        const message = formatConditionMessage(assigned, [{ kind, detail }]);
        expect(parseAssigned(message)).toEqual(assigned);
        expect(parseProblems(message)).toEqual([]);
      }),
    );
  });

  test('stays on one line', () => {
    expect(formatProblem({ kind: 'conflict', detail: 'a\n b;\tc' })).toBe('conflict: a b, c');
  });

  test('of problems beyond the hundredth says how many there are', () => {
    const problems = Array.from({ length: 130 }, (_, index) => ({
      address: known(`172.16.1.${index}`),
      kind: 'eni-full',
      detail: 'no room',
    }));
    const message = formatConditionMessage([], problems);
    expect(parseProblems(message)).toHaveLength(100);
    expect(message.endsWith('172.16.1.99: eni-full: no room; 30 more problems')).toBe(true);
  });

  it.each([
    '',
    'all good',
    '172.16.1.70: conflict: held by ns/other',
    'x; assigned: 172.16.1.70 on eni-0abc',
    'assigned: ',
    'assigned: all',
    'assigned: 172.16.1.70 in eni-0abc',
    'assigned:172.16.1.70 on eni-0abc',
  ])('that somebody else wrote lists nothing: %j', (message) => {
    expect(parseAssigned(message)).toEqual([]);
    expect(parseProblems(message)).toEqual([]);
  });

  test('is read as far as it can be', () => {
    expect(parseAssigned('assigned: 172.16.1.70, bogus on eni-1, 172.16.1.71 on eni-2')).toEqual([
      { address: '172.16.1.70' },
      { address: '172.16.1.71', eniId: 'eni-2' },
    ]);
    expect(parseProblems('assigned: none; 172.16.1.70: CONFLICT: x; ::1: eni-full: y')).toEqual([
      { address: '::1', kind: 'eni-full' },
    ]);
  });
});
