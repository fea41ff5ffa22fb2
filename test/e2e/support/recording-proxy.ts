import { createServer, type IncomingMessage, type Server } from 'node:http';
import { listenOnLoopback } from '../../../sandbox/loopback.ts';
import { passOn } from '../../support/pass-on.ts';

/** One call on AWS as it came over the wire. */
export interface WireCall {
  /** As the signature names it: `cloudformation`, `s3`. */
  readonly service: string;
  /** `DescribeStacks`, or for a service of paths `PUT /bucket/key`. */
  readonly operation: string;
}

export interface RecordingProxy {
  readonly endpoint: string;
  readonly calls: readonly WireCall[];
  stop(): Promise<void>;
}

/**
 * Passes every request on to `target` on loopback, and notes which call it was.
 *
 * @param answers the XML that it answers itself, by operation.
 * @param passing what becomes of a body, whose length has to stay as it is.
 */
export async function startRecordingProxy(
  target: string,
  answers: Readonly<Record<string, string>> = {},
  passing: (body: Buffer) => Buffer = (body) => body,
): Promise<RecordingProxy> {
  const calls: WireCall[] = [];
  const to = new URL(target);
  const server: Server = createServer(async (incoming, answer) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const call = callOf(incoming, body.toString('latin1'));
    calls.push(call);
    const own = answers[call.operation];
    if (own !== undefined) {
      answer.writeHead(200, { 'content-type': 'text/xml' }).end(own);
      return;
    }
    passOn(to, incoming, answer, passing(body));
  });
  const { port, stop } = await listenOnLoopback(server);
  return { endpoint: `http://127.0.0.1:${port}`, calls, stop };
}

function callOf({ headers, method, url = '' }: IncomingMessage, body: string): WireCall {
  const [, service = 'unsigned'] =
    /Credential=[^/]+\/\d+\/[^/]+\/([a-z0-9-]+)\//.exec(headers.authorization ?? '') ?? [];
  const target = headers['x-amz-target'];
  const named =
    typeof target === 'string' ? target.split('.').at(-1) : new URLSearchParams(body).get('Action');
  return { service, operation: named ?? `${method} ${url}` };
}
