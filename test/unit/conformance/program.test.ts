import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { CHECKS } from '../../../conformance/facts/index.ts';
import {
  type ConformanceOutside,
  type ConformanceTarget,
  run,
} from '../../../conformance/program.ts';
import { mostCalls } from '../../../conformance/run-checks.ts';
import { labBed } from './lab-bed.ts';

/** Somebody who types `typed`, in front of an account. */
function operator(...typed: string[]) {
  const bed = labBed();
  const said = { stdout: '', stderr: '' };
  const questions: string[] = [];
  const regions: (string | undefined)[] = [];
  const target: ConformanceTarget = {
    on: 'AWS',
    region: bed.ec2.region,
    clients: bed.clients,
    clock: bed.clock,
    cluster: async () => [],
    stop: async () => undefined,
  };
  const outside: ConformanceOutside = {
    async aws(region) {
      regions.push(region);
      return target;
    },
    sandbox: async () => ({ ...target, on: 'sandbox', choice: { subnet: bed.subnetId } }),
    async ask(question) {
      questions.push(question);
      return typed.shift();
    },
    print: (text) => (said.stdout += text),
    tell: (text) => (said.stderr += text),
    progress: () => undefined,
    interrupted: () => new AbortController().signal,
  };
  const conformance = async (...args: string[]) => {
    const code = await run(args, outside);
    return { code, ...said };
  };
  return { ...bed, conformance, questions, regions };
}

describe('refuses to run', () => {
  test.for([
    ['where nobody can be asked', []],
    ['where something else is typed', ['subnet-1']],
    ['where yes is typed', ['yes']],
    ['where nothing is typed', ['']],
  ] as const)('%s', async ([, typed]) => {
    const { conformance, ec2, regions, subnetId } = operator(...typed);
    const ended = await conformance('--subnet', subnetId, '--yes');
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('Nothing was done.');
    expect(regions).toEqual([]);
    expect(ec2.calls.all()).toEqual([]);
  });

  test.for([
    [[], 'give --subnet, --cluster or both'],
    [['--subnet', 'vpc-1'], 'subnet-…'],
    [['--sandbox', '--subnet', 'subnet-1'], '--sandbox brings its own'],
    [['--subnets', 'subnet-1'], 'unknown option'],
  ] as const)('on the arguments %j', async ([args, text]) => {
    const { conformance, ec2 } = operator();
    const ended = await conformance(...args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(text);
    expect(ec2.calls.all()).toEqual([]);
  });
});

test('--plan says what would be done, and how many calls it takes at most, and does nothing', async () => {
  const { conformance, ec2, questions, subnetId } = operator();
  const { code, stdout } = await conformance('--subnet', subnetId, '--plan');
  expect(code).toBe(0);
  for (const { id } of CHECKS) expect(stdout).toContain(`  ${id}: `);
  expect(stdout).toContain(`at most ${mostCalls(false)} calls`);
  expect(stdout).toContain(`at most ${mostCalls(true) - mostCalls(false)} calls`);
  expect([questions, ec2.calls.all()]).toEqual([[], []]);
});

test('runs once the id is typed, and asks for the token buckets', async () => {
  const bed = operator(operator().subnetId, 'n');
  const ended = await bed.conformance('--subnet', bed.subnetId);
  expect(ended.stderr).toContain(`at most ${mostCalls(false)} calls`);
  expect(bed.questions).toEqual([
    `Type ${bed.subnetId} to go on: `,
    expect.stringMatching(/\[y\/N\]/),
  ]);
  expect(ended.code).toBe(0);
  expect(ended.stdout).toMatch(/FACT +│ EXPECTED +│ SEEN +│ SOURCE +│ RESTS ON IT/);
  expect(ended.stdout).toMatch(/\d+ as expected, 0 differs, \d+ not made; \d+ calls\.\n$/);
  expect(bed.ec2.snapshot().enis.size).toBe(2);
});

const report = z.object({
  version: z.literal(1),
  results: z.array(
    z.object({ id: z.string(), fact: z.string(), expected: z.string(), seen: z.string() }),
  ),
});

test('--json prints one object without account numbers, and ends with 4 if a fact differs', async () => {
  const { conformance, ec2, subnetId } = operator();
  const message = 'Not for account 111122223333';
  const effect = { kind: 'error', code: 'InvalidParameterValue', message } as const;
  const when = ({ params }: { readonly params: Readonly<Record<string, string>> }): boolean =>
    params['PrivateIpAddress.2'] === '172.16.1.255';
  ec2.faults.add({ action: 'AssignPrivateIpAddresses', when, effect });
  const args = ['--subnet', subnetId, '--confirm', subnetId, '--no-buckets', '--json'];
  const { code, stdout } = await conformance(...args);
  expect(code).toBe(4);
  const { results } = report.parse(JSON.parse(stdout));
  expect(results.map(({ id }) => id)).toEqual(CHECKS.map(({ id }) => id));
  const seen = results.find(({ id }) => id === 'assign-reserved-last')?.seen;
  expect(seen).toContain('Not for account <account>');
});

test('ends with 2 if EC2 has no such subnet, and with 1 if it does not answer', async () => {
  const { conformance, ec2, subnetId } = operator();
  const absent = 'subnet-00000000000000000';
  const unknown = await conformance('--subnet', absent, '--confirm', absent, '--no-buckets');
  expect(unknown).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`no subnet ${absent}`),
  });
  const effect = { kind: 'error', code: 'InternalError', status: 500 } as const;
  ec2.faults.add({ times: Number.POSITIVE_INFINITY, effect });
  const broken = await conformance('--subnet', subnetId, '--confirm', subnetId, '--no-buckets');
  expect(broken).toMatchObject({ code: 1, stderr: expect.stringContaining('InternalError') });
});

test('ends with 1 if nothing could be tried', async () => {
  const { conformance, ec2, subnetId } = operator();
  const effect = { kind: 'error', code: 'UnauthorizedOperation', status: 403 } as const;
  ec2.faults.add({ times: Number.POSITIVE_INFINITY, effect });
  const ended = await conformance('--subnet', subnetId, '--confirm', subnetId, '--no-buckets');
  expect(ended.code).toBe(1);
  expect(ended.stdout).toContain('0 as expected, 0 differs');
});
