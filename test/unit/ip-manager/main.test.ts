import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { EXIT } from '../../../ip-manager/exit-code.ts';
import { ACCOUNT, REGION } from '../../../sandbox/aws.ts';
import { type Imds, startImds } from '../../../sandbox/imds/server.ts';
import type { Worker } from '../../../sandbox/worker.ts';
import { bundleProgram } from '../../../scripts/programs.ts';
import { FLOATING_IPS } from '../../../shared/cluster/annotations.ts';
import { POD, startApiServer } from './api-server.ts';
import { type Bed, eniOf, startBed } from './bed.ts';
import { fakeInterfaces } from './interfaces.ts';
import { SOON } from './running-sidecar.ts';

let folder: string;
let program: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ip-manager-'));
  program = await bundleProgram('ip-manager', folder);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The interfaces of a pod, in the place of the machine's own. */
async function pretend(interfaces: object): Promise<string> {
  const file = join(await mkdtemp(join(folder, 'interfaces-')), 'interfaces.cjs');
  await writeFile(
    file,
    `require('node:os').networkInterfaces = () => (${JSON.stringify(interfaces)});`,
  );
  return `${process.env.NODE_OPTIONS ?? ''} --require=${file}`;
}

function run(args: readonly string[], env: Readonly<Record<string, string>>) {
  const terminationLog = join(folder, 'termination-log');
  const inherited = { PATH: process.env.PATH, NODE_OPTIONS: process.env.NODE_OPTIONS };
  const child = spawn(process.execPath, [program, ...args], {
    env: { ...inherited, TERMINATION_LOG: terminationLog, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const result = Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]).then(
    ([[exitCode], stdout, stderr]) => ({ exitCode, stdout, stderr }),
  );
  return { result, terminationLog, kill: (signal: NodeJS.Signals) => void child.kill(signal) };
}

/** An instance with a pod that has 172.16.1.70 on `net1`, and what the pod's containers see of it. */
async function startInstance(
  bed: Bed,
): Promise<{ readonly worker: Worker; readonly imds: Imds; readonly env: Record<string, string> }> {
  const worker = bed.addWorker();
  const imds = await startImds({
    instanceId: worker.instanceId,
    region: REGION,
    account: ACCOUNT,
    role: {
      name: 'worker',
      credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' },
    },
  });
  onTestFinished(() => imds.stop());
  const { mac } = eniOf(worker, 1);
  const interfaces = { net1: [{ address: '172.16.1.70', mac, internal: false }] };
  const env = {
    AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.endpoint,
    AWS_ENDPOINT_URL_EC2: bed.ec2.endpoint,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    NODE_OPTIONS: await pretend(interfaces),
  };
  return { worker, imds, env };
}

describe('the program, as it is shipped', () => {
  test('assigns with the credentials of the instance’s role, and ends', async () => {
    const bed = await startBed();
    const { worker, imds, env } = await startInstance(bed);
    const { exitCode, stdout, stderr } = await run(['initContainers'], env).result;
    expect({ exitCode, stderr }).toEqual({ exitCode: EXIT.done, stderr: '' });
    expect(stdout).toBe(`172.16.1.70 (net1): assigned to ${eniOf(worker, 1).id}\n`);
    expect(bed.ec2.calls.counts()).toEqual({
      DescribeNetworkInterfaces: 1,
      AssignPrivateIpAddresses: 1,
    });
    expect(imds.requests).toContain('GET /latest/meta-data/iam/security-credentials/worker');
  });

  test('leaves the reason on the last line and in the termination message', async () => {
    const bed = await startBed();
    const { imds, env } = await startInstance(bed);
    await imds.stop();
    const { result, terminationLog } = run(['initContainers'], {
      ...env,
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(EXIT.noInstanceMetadata);
    const message = await readFile(terminationLog, 'utf8');
    expect(message).toContain('AWS_EC2_METADATA_DISABLED');
    expect(stderr).toBe(`${message}\n`);
  });

  test('waits, as the first process of a container would, until it is ended', async () => {
    const server = await startApiServer();
    const { result, kill } = run(['wait'], { ...server.env, POD_NAME: POD.name });
    await vi.waitFor(() => expect(server.api.calls.length).toBeGreaterThan(0), SOON);
    kill('SIGTERM');
    expect(await result).toMatchObject({ exitCode: EXIT.ended, stderr: 'ended by SIGTERM\n' });
  });

  test('publishes until it is ended, which is no failure', async () => {
    const server = await startApiServer();
    const mac = '02:9b:07:fb:2e:71';
    const ip = await fakeInterfaces({ name: 'net1', mac, addresses: ['172.16.1.90'] });
    const env = { ...server.env, POD_NAME: POD.name, IP_COMMAND: ip.command };
    const { result, kill } = run(['sidecar'], env);
    const published = () => expect(server.annotations()[FLOATING_IPS]).toContain('172.16.1.90');
    await vi.waitFor(published, SOON);
    kill('SIGTERM');
    expect(await result).toMatchObject({ exitCode: EXIT.done, stderr: '' });
  });

  test.each([
    [[], 'a command is needed: initContainers, wait, sidecar, untaint or probe'],
    [['initContainer'], "unknown command 'initContainer'"],
    [['wait', '--timeout', '5'], 'a number of seconds or minutes is needed'],
  ])('does nothing when it is called with %j', async (args, said) => {
    const { exitCode, stderr } = await run(args, {}).result;
    expect(exitCode).toBe(EXIT.badInput);
    expect(stderr).toContain(said);
  });

  test('does nothing with an environment that is wrong', async () => {
    const env = { ALLOW_REASSIGNMENT: 'yes', MANAGED_TAG: 'no_manage' };
    const { exitCode, stderr } = await run(['initContainers'], env).result;
    expect(exitCode).toBe(EXIT.badInput);
    expect(stderr).toContain('MANAGED_TAG: "no_manage" is not of the form key=value');
    expect(stderr).toContain('ALLOW_REASSIGNMENT: true or false is needed');
  });

  test('tells what its exit codes are', async () => {
    const { exitCode, stdout } = await run(['--help'], {}).result;
    expect(exitCode).toBe(EXIT.done);
    const documented = await readFile(
      new URL('../../../docs/ip-manager.md', import.meta.url),
      'utf8',
    );
    for (const code of Object.values(EXIT)) {
      expect(stdout).toMatch(new RegExp(`^  ${code} `, 'm'));
      expect(documented).toMatch(new RegExp(`^\\| ${code} `, 'm'));
    }
  });
});

test('what the guide’s charts call hands its arguments on', async () => {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'node'), '#!/bin/sh\necho "$@"\n');
  await chmod(join(bin, 'node'), 0o755);
  const script = new URL('../../../ip-manager/script.sh', import.meta.url).pathname;
  const child = spawn('/bin/sh', ['-c', `${script} initContainers`], {
    env: { PATH: `${bin}:/bin:/usr/bin` },
  });
  expect(await text(child.stdout)).toBe('/app/ip-manager.js initContainers\n');
});
