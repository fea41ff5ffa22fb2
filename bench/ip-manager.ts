/**
 * `npm run bench:ip-manager [-- --json]`: how long `ip-manager initContainers`, bundled, takes from the
 * start of its process to its end. It assigns the address of a pod's one attachment, against the
 * sandbox, with the credentials of the instance's role. Ends with 1 if a target is missed.
 *
 * `--json` prints `{ "medianMs", "n", "ec2Calls" }` alone: the median, and EC2 calls for one pod.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startEc2 } from '../sandbox/ec2/server.ts';
import { startImds } from '../sandbox/imds/server.ts';
import { launchWorker } from '../sandbox/worker.ts';
import { optionsOf } from '../scripts/options.ts';
import { bundleProgram } from '../scripts/programs.ts';
import { systemClock } from '../shared/time/clock.ts';

const RUNS = 20;
const MAX_MEDIAN_MS = 300;
const MAX_EC2_CALLS = 2;
const ACCOUNT = { region: 'us-east-1', account: '111122223333' };
const ROLE = {
  name: 'worker',
  credentials: { accessKeyId: 'AKID', secretAccessKey: 'secret', sessionToken: 'session' },
};

/** An instance that takes an address for every run, and the environment of its pods. */
async function startInstance(resources: AsyncDisposableStack) {
  const ec2 = resources.adopt(await startEc2({ clock: systemClock, ...ACCOUNT }), (server) =>
    server.stop(),
  );
  const nodeSubnetId = ec2.addSubnet({ cidr: '172.20.1.0/24' });
  const subnetId = ec2.addSubnet({ cidr: '172.16.1.0/24' });
  const { instanceId, enis } = launchWorker(ec2, {
    cluster: 'demo',
    instanceType: 'm5.24xlarge',
    nodeSubnetId,
    enis: [{ deviceIndex: 1, subnetId }],
  });
  const imds = resources.adopt(await startImds({ instanceId, role: ROLE, ...ACCOUNT }), (server) =>
    server.stop(),
  );
  const env = {
    PATH: process.env.PATH,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: imds.endpoint,
    AWS_ENDPOINT_URL_EC2: ec2.endpoint,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    TERMINATION_LOG: '/dev/null',
    NODE_DISABLE_COMPILE_CACHE: '1',
  };
  return { ec2, env, mac: enis[1]?.mac ?? '' };
}

/** In the place of the machine's own interfaces: `net1` of a pod. */
async function pretendInterface(file: string, address: string, mac: string): Promise<void> {
  const interfaces = { net1: [{ address, mac, internal: false }] };
  await writeFile(
    file,
    `require('node:os').networkInterfaces = () => (${JSON.stringify(interfaces)});`,
  );
}

async function bench(resources: AsyncDisposableStack) {
  const folder = await mkdtemp(join(tmpdir(), 'bench-ip-manager-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const program = await bundleProgram('ip-manager', folder);
  const { ec2, env, mac } = await startInstance(resources);
  const interfaces = join(folder, 'interfaces.cjs');

  const runOnce = async (address: string) => {
    await pretendInterface(interfaces, address, mac);
    ec2.calls.clear();
    const startedAt = performance.now();
    const child = spawn(
      process.execPath,
      ['--require', interfaces, program, 'initContainers', '--timeout', '30s'],
      { env, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const [[exitCode], said] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
    const ms = performance.now() - startedAt;
    if (exitCode !== 0) throw new Error(`ip-manager ended with ${exitCode}: ${said}`);
    if (ec2.holderOf(address)?.mac !== mac) throw new Error(`${address} was not assigned`);
    return { ms, ec2Calls: ec2.calls.all().length };
  };

  // The first warms the disk's cache, and the sandbox.
  await runOnce('172.16.1.99');
  const runs = [];
  for (let run = 0; run < RUNS; run += 1) runs.push(await runOnce(`172.16.1.${100 + run}`));
  return {
    medianMs: median(runs.map(({ ms }) => ms)),
    n: RUNS,
    ec2Calls: Math.max(...runs.map(({ ec2Calls }) => ec2Calls)),
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return Math.round((low + high) * 5) / 10;
}

const { values } = optionsOf(import.meta.url, {
  options: { json: { type: 'boolean', default: false } },
});
const resources = new AsyncDisposableStack();
try {
  const result = await bench(resources);
  const { medianMs, n, ec2Calls } = result;
  if (values.json) console.log(JSON.stringify(result));
  else {
    console.log(
      `initContainers: ${medianMs} ms from start to end (median of ${n}; target under ${MAX_MEDIAN_MS}), ` +
        `${ec2Calls} EC2 calls (target at most ${MAX_EC2_CALLS})`,
    );
  }
  if (medianMs >= MAX_MEDIAN_MS || ec2Calls > MAX_EC2_CALLS) process.exitCode = 1;
} finally {
  await resources.disposeAsync();
}
