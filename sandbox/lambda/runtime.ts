import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { lambdaContext } from './context.ts';
import type { FromRuntime, RuntimeData, ToRuntime } from './runtime-messages.ts';

/**
 * The runtime inside an execution environment, which is a worker thread: loads
 * the bundle once and then runs one invocation at a time.
 */

const data: RuntimeData = workerData;

type AnyHandler = (event: unknown, context: object) => unknown;

async function load(): Promise<AnyHandler> {
  const bundle: Record<string, unknown> = await import(pathToFileURL(data.bundle).href);
  // A CommonJS bundle whose exports Node cannot name has them under `default`.
  const inDefault = Object.entries(bundle.default ?? {});
  const named = new Map([...inDefault, ...Object.entries(bundle)]);
  const handler = named.get(data.handlerName);
  if (!isHandler(handler)) {
    throw new Error(`${data.bundle} exports no function "${data.handlerName}"`);
  }
  if (handler.length > 2) {
    throw new Error(`"${data.handlerName}" takes a callback, which nodejs24 does not have`);
  }
  return handler;
}

function isHandler(value: unknown): value is AnyHandler {
  return typeof value === 'function';
}

function send(message: FromRuntime): void {
  parentPort?.postMessage(message);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

async function invoke(handler: AnyHandler, { event, timeoutMs }: ToRuntime): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const context = lambdaContext({
    name: data.name,
    memoryMb: data.memoryMb,
    requestId: randomUUID(),
    remainingMs: () => Math.round(deadline - performance.now()),
  });
  try {
    const result = await handler(JSON.parse(event), context);
    send({ kind: 'result', result: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    send({ kind: 'failed', detail: describe(error) });
  }
}

try {
  const handler = await load();
  parentPort?.on('message', (message: ToRuntime) => {
    invoke(handler, message);
  });
  send({ kind: 'ready' });
} catch (error) {
  send({ kind: 'init-failed', detail: describe(error) });
}
