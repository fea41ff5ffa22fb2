import type { HttpsProxy } from './proxy.ts';
import type { Clock } from './time/clock.ts';
import { withDeadline } from './time/deadline.ts';

/** How long calls on AWS may take, in milliseconds. */
export interface CallLimits {
  /** Until a connection is there. */
  readonly connectMs: number;
  /** How long until a request has to be answered. After that it is sent again, if that is allowed. */
  readonly requestMs: number;
  /** A call with all of its requests, pauses and credentials. */
  readonly callMs: number;
}

/** What every client of the AWS SDK is used by, so that single calls can be wrapped. */
interface Sender {
  readonly send: (...args: never[]) => unknown;
}

/**
 * The settings of a client's HTTP by which each of its requests ends by itself. The SDK only warns of a
 * `requestTimeout` unless it is told to throw. That time-out ends once the head of an answer is there,
 * so a body that stops needs the socket's own.
 *
 * @param proxy through which the requests go; absent: through none.
 */
export function requestLimits(
  { connectMs, requestMs }: Omit<CallLimits, 'callMs'>,
  proxy: HttpsProxy = {},
) {
  return {
    httpsAgent: { proxyEnv: { ...proxy } },
    connectionTimeout: connectMs,
    requestTimeout: requestMs,
    throwOnRequestTimeout: true,
    socketTimeout: requestMs,
  };
}

/**
 * The same client; each call on it ends by itself, with a `TimeoutError`. The SDK alone has no
 * bound for a body that comes byte by byte, nor for credentials, for which no call's signal is
 * heeded.
 */
export function limitedCalls<C extends Sender>(
  client: C,
  clock: Clock,
  { callMs }: Pick<CallLimits, 'callMs'>,
): Pick<C, 'send'> {
  return {
    send: new Proxy(client.send, {
      apply(target, _self, [command, options]: unknown[]) {
        const given = typeof options === 'object' ? options : undefined;
        return withDeadline(clock, callMs, signalIn(given), async (abortSignal) => {
          const answer: unknown = await Reflect.apply(target, client, [
            command,
            { ...given, abortSignal },
          ]);
          return answer;
        });
      },
    }),
  };
}

/** What every client of the AWS SDK has between its callers and AWS. */
interface Stacked {
  readonly middlewareStack: { readonly remove: (name: string) => boolean };
}

/**
 * The same client without the SDK's log of its calls. Even without a logger, the SDK copies every
 * answer without its secrets, and hands the copy to a logger that drops it.
 */
export function unlogged<C extends Stacked>(client: C): C {
  client.middlewareStack.remove('loggerMiddleware');
  return client;
}

function signalIn(options: object | null | undefined): AbortSignal | undefined {
  const signal: unknown = options && Reflect.get(options, 'abortSignal');
  return signal instanceof AbortSignal ? signal : undefined;
}

/** Credentials of the SDK's default chain. */
type Credentials<T> = () => Promise<T>;

/**
 * The SDK's default chain of credentials, begun anew if it takes longer than `ms`. One chain that waits
 * for the EKS Pod Identity Agent waits for ever, and has all that ask later wait too.
 *
 * @param client makes a client, of which the chain is used.
 */
export function limitedCredentials<T>(
  client: () => { readonly config: { readonly credentials: Credentials<T> } },
  clock: Clock,
  ms: number,
): Credentials<T> {
  return () => withDeadline(clock, ms, undefined, () => client().config.credentials());
}
