/**
 * Refuses every connection that is not loopback, before a packet or a name
 * look-up leaves the machine, and says who tried. Loaded by every test, and by
 * `node --import` in the programs and worker threads that tests start.
 */
import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import { isMainThread } from 'node:worker_threads';

/** A connection that was refused; `message` names its target and who tried. */
export class NotLoopbackError extends Error {
  override readonly name = 'NotLoopbackError';
  readonly code = 'ERR_NOT_LOOPBACK';
}

const REFUSALS = Symbol.for('multus-eni-reconciler/refusals');

type Callable = (this: unknown, ...args: unknown[]) => unknown;

/** Shared by the instances that one thread loads: Node's `--import` and Vitest's own. */
const shared = globalThis as { [REFUSALS]?: NotLoopbackError[] };
const isGuarded = shared[REFUSALS] !== undefined;
const refusals = shared[REFUSALS] ?? [];
shared[REFUSALS] = refusals;

/** Hands over the refusals of this thread so far, and forgets them. */
export function takeRefusals(): NotLoopbackError[] {
  return refusals.splice(0);
}

const loopback = new net.BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  if (bare === 'localhost') return true;
  const family = net.isIP(bare);
  return family !== 0 && loopback.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

/** The innermost frame of a file of ours, else of a package, else the program. */
function whoTried(stack: string): string {
  const frames = stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at /, ''))
    .filter((frame) => !frame.includes('node:') && !frame.includes('loopback-only.ts'));
  const ours = frames.find((frame) => !frame.includes('/node_modules/'));
  const thread = isMainThread ? 'program' : 'worker thread';
  return ours ?? frames[0] ?? `${thread} ${process.argv.slice(0, 2).join(' ')}`;
}

function refuse(action: string, target: string): NotLoopbackError {
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = depth;
  const error = new NotLoopbackError(
    `refused to ${action} ${target}, which is not loopback; tried by ${whoTried(stack)}`,
  );
  refusals.push(error);
  return error;
}

/**
 * The arguments of net.Socket.connect: (options, callback), (port, host, callback),
 * (path, callback), or the one array that Node's own callers hand over.
 */
function readConnect(args: unknown[]): { options: net.TcpNetConnectOpts; callback: unknown } {
  const list = Array.isArray(args[0]) ? args[0] : args;
  const [first, second] = list;
  const callback = list.findLast((value: unknown) => typeof value === 'function');
  if (typeof first === 'object' && first !== null) return { options: first, callback };
  if (typeof first === 'string' && !/^\d+$/.test(first)) {
    return { options: { path: first, port: 0 } as net.TcpNetConnectOpts, callback };
  }
  const host = typeof second === 'string' ? second : undefined;
  return { options: { port: Number(first), host }, callback };
}

/** Puts `wrap`'s result in the place of a method of Node's. */
function replace(owner: object, name: string, wrap: (original: Callable) => Callable): void {
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') throw new Error(`this Node has no ${name} to guard`);
  Reflect.set(owner, name, wrap(original as Callable));
}

function guardSockets(): void {
  replace(net.Socket.prototype, 'connect', (connect) => {
    return function (this: unknown, ...args) {
      const { options, callback } = readConnect(args);
      const isLocal = 'path' in options && typeof options.path === 'string';
      if (isLocal || isLoopback(options.host ?? 'localhost')) return connect.apply(this, args);
      // To the caller it is a look-up that failed: an error at the usual time and place.
      const error = refuse('connect to', options.host ?? '');
      const lookup: net.LookupFunction = (_host, _options, done) => done(error, '');
      return connect.call(this, { ...options, host: 'refused.invalid', lookup }, callback);
    };
  });
  for (const method of ['connect', 'send']) {
    replace(dgram.Socket.prototype, method, (original) => {
      return function (this: unknown, ...args) {
        // (port, address?, callback?) and (message, …, port, address?, callback?).
        const host = args.length > 1 && args.findLast((value) => typeof value !== 'function');
        if (typeof host !== 'string' || isLoopback(host)) return original.apply(this, args);
        throw refuse('send to', host);
      };
    });
  }
}

/** Name look-ups are refused by the name they ask for: they would go to a DNS server. */
function guardLookups(): void {
  const callbacks = [dns, dns.Resolver.prototype];
  const promises = [dns.promises, dns.promises.Resolver.prototype];
  for (const owner of [...callbacks, ...promises]) {
    const answersByPromise = (promises as object[]).includes(owner);
    const names = Object.getOwnPropertyNames(owner);
    for (const name of names.filter((each) => /^(lookup|resolve|reverse)/.test(each))) {
      replace(owner, name, (original) => {
        return function (this: unknown, ...args) {
          const [host] = args;
          if (typeof host !== 'string' || isLoopback(host)) return original.apply(this, args);
          const error = refuse('look up', host);
          if (answersByPromise) return Promise.reject(error);
          const callback = args.findLast((value) => typeof value === 'function');
          if (callback === undefined) throw error;
          process.nextTick(callback as Callable, error);
          return undefined;
        };
      });
    }
  }
}

/** fetch connects long after its caller's frames are gone, so it is refused at the call. */
function guardFetch(): void {
  replace(globalThis, 'fetch', (original) => {
    return function (this: unknown, ...args) {
      const [input] = args;
      const url = new URL(input instanceof Request ? input.url : String(input));
      if (!url.protocol.startsWith('http') || isLoopback(url.hostname)) {
        return original.apply(this, args);
      }
      return Promise.reject(refuse('fetch from', url.host));
    };
  });
}

if (!isGuarded) {
  guardSockets();
  guardLookups();
  guardFetch();
  syncBuiltinESMExports();
}
