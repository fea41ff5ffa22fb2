/** `ip-manager initContainers | wait | sidecar | untaint | probe`: see docs/ip-manager.md. */
import { hostname, networkInterfaces } from 'node:os';
import { systemClock } from '../shared/time/clock.ts';
import { ownPod } from './addresses/own-pod.ts';
import { ec2Clients } from './assign/ec2-access.ts';
import { readInstance } from './assign/instance.ts';
import type { IpManagerOutside } from './commands/outside.ts';
import { readEnvironment } from './environment.ts';
import { ownNode } from './node/own-node.ts';
import { run } from './program.ts';

const clock = systemClock;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

function outside(): IpManagerOutside {
  const environment = readEnvironment(process.env);
  return {
    environment,
    networkInterfaces,
    readInstance: (signal) => readInstance(process.env, clock, signal),
    ec2Clients: (region) => ec2Clients(region, clock, { proxy: environment.proxy }),
    ownPod: () => ownPod(environment, { hostname: hostname(), clock }),
    ownNode: () => ownNode(environment, clock),
    clock,
    random: Math.random,
    say,
  };
}

// As the first process of a container it is ended by no signal that it does not handle.
const ended = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => ended.abort());

const streams = {
  say,
  complain: (line: string) => void process.stderr.write(`${line}\n`),
  terminationLog: process.env.TERMINATION_LOG || '/dev/termination-log',
  signal: ended.signal,
};

// A connection that is kept for a next call must not hold up the end.
void run(process.argv.slice(2), outside, streams).then((code) => process.exit(code));
