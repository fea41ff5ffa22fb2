import { join } from 'node:path';
import type { NamespaceMachine } from './machine.ts';
import type { Run } from './run.ts';

/*
 * A unix socket is reached from every network namespace, so two relays (socat) carry TCP between
 * this machine's loopback and a machine of its own. Both end with that machine.
 */

/** Makes what listens at `target` (host:port) in the machine reachable at 127.0.0.1:`port` here. */
export function relayOut(run: Run, machine: NamespaceMachine, target: string, port: number): void {
  const socket = join(run.directory, `out-${port}.sock`);
  machine.start(`relay-out-${port}`, ['socat', `UNIX-LISTEN:${socket},fork`, `TCP:${target}`]);
  const listen = `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`;
  machine.startOutside(`relay-${port}`, ['socat', listen, `UNIX-CONNECT:${socket}`]);
}

/** Makes what listens at 127.0.0.1:`port` here reachable at `address`:`as` in the machine. */
export function relayIn(
  run: Run,
  machine: NamespaceMachine,
  port: number,
  address: string,
  as = port,
): void {
  const socket = join(run.directory, `in-${address}-${as}.sock`);
  const name = `relay-in-${address}-${as}`;
  machine.startOutside(name, ['socat', `UNIX-LISTEN:${socket},fork`, `TCP:127.0.0.1:${port}`]);
  const listen = `TCP-LISTEN:${as},bind=${address},fork,reuseaddr`;
  machine.start(`${name}-inside`, ['socat', listen, `UNIX-CONNECT:${socket}`]);
}
