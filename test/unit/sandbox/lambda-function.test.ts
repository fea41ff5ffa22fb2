import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { virtualClock } from '../../../sandbox/clock.ts';
import { FunctionError, type LambdaFunction } from '../../../sandbox/lambda/function.ts';
import { startSchedule } from '../../../sandbox/lambda/schedule.ts';
import { type FunctionOptions, startFunction } from '../../../sandbox/lambda/start-function.ts';

describe('a function from a deployed bundle', () => {
  let folder: string;
  let running: LambdaFunction[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lambda-'));
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.map((each) => each.stop()));
    await rm(folder, { recursive: true });
  });

  const start = async (
    source: string,
    options: Partial<FunctionOptions> = {},
    file = 'index.mjs',
  ): Promise<LambdaFunction> => {
    const bundle = join(folder, file);
    await writeFile(bundle, source);
    const started = startFunction({ bundle, env: {}, timeoutMs: 20_000, ...options });
    running.push(started);
    return started;
  };
  const kindOf = (invocation: Promise<unknown>): Promise<unknown> =>
    invocation.then(
      () => 'success',
      (error: unknown) => (error instanceof FunctionError ? error.kind : error),
    );

  test('answers with the result of the handler', async () => {
    const add = await start('export const handler = async ({ a, b }) => ({ sum: a + b });');
    expect(await add.invoke({ a: 1, b: 2 })).toEqual({ sum: 3 });
  });

  test('an undefined result is null, as it is in JSON', async () => {
    const nothing = await start('export const handler = async () => {};');
    expect(await nothing.invoke({})).toBeNull();
  });

  test('a CommonJS bundle and another handler name will do', async () => {
    const source = 'const named = { async sweep() { return 1; } }; module.exports = named;';
    const sweep = await start(source, { handlerName: 'sweep' }, 'index.cjs');
    expect(await sweep.invoke({})).toBe(1);
  });

  test('sees its own variables and none of this process', async () => {
    const read = await start('export const handler = async () => ({ ...process.env });', {
      name: 'read',
      env: { CLUSTERS: 'demo' },
    });
    expect(await read.invoke({})).toEqual({
      CLUSTERS: 'demo',
      AWS_LAMBDA_FUNCTION_NAME: 'read',
    });
  });

  test('gets a context with its name, a new request id and the time that is left', async () => {
    const source = `export const handler = async (event, context) => ({
      name: context.functionName,
      id: context.awsRequestId,
      remaining: context.getRemainingTimeInMillis(),
    });`;
    const tell = await start(source, { name: 'tell' });
    const first = await tell.invoke({});
    const second = await tell.invoke({});
    expect(first).toMatchObject({ name: 'tell', id: expect.any(String) });
    expect(second).not.toMatchObject({ id: Object(first).id });
    expect(Object(first).remaining).toBeLessThanOrEqual(20_000);
    expect(Object(first).remaining).toBeGreaterThan(0);
  });

  test('a warm environment is used again and keeps its state', async () => {
    const count = await start('let n = 0; export const handler = async () => ++n;');
    expect([await count.invoke({}), await count.invoke({})]).toEqual([1, 2]);
  });

  /** Answers once `count` invocations have begun, over all environments; counts its own before. */
  const MEET = `import { existsSync, readdirSync, writeFileSync } from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    let own = 0;
    export const handler = async ({ folder, id, until }) => {
      own += 1;
      writeFileSync(folder + '/' + id + '.begun', '');
      while (!existsSync(folder + '/' + until)) await setTimeout(5);
      return own;
    };`;

  test('invocations at once run in environments of their own', async () => {
    const meet = await start(MEET);
    const results = await Promise.all([
      meet.invoke({ folder, id: 'a', until: 'b.begun' }),
      meet.invoke({ folder, id: 'b', until: 'a.begun' }),
    ]);
    expect(results).toEqual([1, 1]);
  });

  test('no more environments than allowed: the rest wait for one that is warm', async () => {
    const meet = await start(MEET, { maxInstances: 1 });
    const first = meet.invoke({ folder, id: 'a', until: 'go' });
    const second = meet.invoke({ folder, id: 'b', until: 'a.begun' });
    await vi.waitFor(async () => writeFile(join(folder, 'go'), ''));
    expect(await Promise.all([first, second])).toEqual([1, 2]);
  });

  test('a time-out ends the environment, and the next invocation starts a new one', async () => {
    const clock = virtualClock();
    const ticks = join(folder, 'ticks');
    await writeFile(ticks, '');
    const source = `import { appendFileSync } from 'node:fs';
      let n = 0;
      export const handler = async ({ ticks }) => {
        n += 1;
        if (ticks) {
          setInterval(() => appendFileSync(ticks, '.'), 1);
          await new Promise(() => {});
        }
        return n;
      };`;
    const slow = await start(source, { clock, timeoutMs: 3_000 });
    expect(await slow.invoke({})).toBe(1);
    const failed = expect(slow.invoke({ ticks })).rejects.toMatchObject({
      kind: 'timeout',
      message: expect.stringContaining('Task timed out after 3.00 seconds'),
    });
    await vi.waitFor(async () => expect((await readFile(ticks)).length).toBeGreaterThan(0));
    clock.advance(3_000);
    await failed;
    const before = (await readFile(ticks)).length;
    expect(await slow.invoke({})).toBe(1);
    expect((await readFile(ticks)).length).toBe(before);
  });

  test('a handler that throws fails its invocation and leaves the environment warm', async () => {
    const source = `let n = 0; export const handler = async ({ bad }) => {
      n += 1;
      if (bad) throw new Error('not today');
      return n;
    };`;
    const moody = await start(source);
    await expect(moody.invoke({ bad: true })).rejects.toMatchObject({
      kind: 'error',
      message: expect.stringContaining('not today'),
    });
    expect(await moody.invoke({})).toBe(2);
  });

  test('an environment that exits or crashes fails its invocation and is replaced', async () => {
    const source = `let n = 0; export const handler = async ({ how }) => {
      n += 1;
      if (how === 'exit') process.exit(3);
      if (how === 'crash') { setTimeout(() => { throw new Error('late'); }); await new Promise(() => {}); }
      return n;
    };`;
    const fragile = await start(source);
    expect(await kindOf(fragile.invoke({ how: 'exit' }))).toBe('exit');
    expect(await kindOf(fragile.invoke({ how: 'crash' }))).toBe('exit');
    expect(await fragile.invoke({})).toBe(1);
  });

  const unusable: [string, string][] = [
    ['a bundle that cannot be loaded', "throw new Error('no CLUSTERS');"],
    ['a bundle without the handler', 'export const other = async () => {};'],
    [
      'a handler with a callback, which nodejs24 refuses',
      'export const handler = (event, context, callback) => callback(null, 1);',
    ],
  ];
  test.each(unusable)('%s fails at its start', async (_name, source) => {
    const broken = await start(source);
    expect(await kindOf(broken.invoke({}))).toBe('init');
  });

  test('what it writes is handed on line by line', async () => {
    const lines: [string, string][] = [];
    const talk = await start(
      "console.log('cold'); export const handler = async () => { console.error('a\\nb'); };",
      { onLog: (line, stream) => lines.push([stream, line]) },
    );
    await talk.invoke({});
    await vi.waitFor(() =>
      expect(lines.toSorted()).toEqual([
        ['stderr', 'a'],
        ['stderr', 'b'],
        ['stdout', 'cold'],
      ]),
    );
  });

  test('stopping ends what runs and what waits', async () => {
    const meet = await start(MEET, { maxInstances: 1 });
    const both = ['a', 'b'].map((id) => kindOf(meet.invoke({ folder, id, until: 'never' })));
    await meet.stop();
    expect(await Promise.all(both)).toEqual(['stopped', 'stopped']);
    expect(await kindOf(meet.invoke({}))).toBe('stopped');
  });
});

describe('a schedule', () => {
  test('invokes a function at its rate until it is stopped', async () => {
    const clock = virtualClock();
    const times: string[] = [];
    const failures: unknown[] = [];
    const schedule = startSchedule({
      rateMs: 300_000,
      timeoutMs: 60_000,
      clock,
      onFailure: (error) => failures.push(error),
      handler: async (event) => {
        times.push(event.time);
        if (times.length === 1) throw new Error('no');
      },
    });
    clock.advance(299_999);
    expect(times).toEqual([]);
    clock.advance(1);
    await vi.waitFor(() => expect(failures).toHaveLength(1));
    clock.advance(300_000);
    await vi.waitFor(() =>
      expect(times).toEqual(['2026-01-01T00:05:00.000Z', '2026-01-01T00:10:00.000Z']),
    );
    schedule.stop();
    clock.advance(600_000);
    expect(times).toHaveLength(2);
  });
});
