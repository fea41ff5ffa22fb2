import type { IncomingMessage, ServerResponse } from 'node:http';
import { listenOnLoopback } from '../loopback.ts';
import { createSignedServer, type Keys } from '../signed-server.ts';
import {
  type Answer,
  ConnectionLost,
  createEc2,
  type Ec2,
  type Ec2Options,
  errorAnswer,
} from './engine.ts';
import { Ec2Error } from './errors.ts';
import { checkScope } from './signature.ts';

export interface Ec2Server extends Ec2 {
  /** `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** Stops listening and breaks what is open. */
  stop(): Promise<void>;
}

/** The strict EC2 on a loopback port that the system chooses. */
export async function startEc2(options: Ec2Options & { readonly keys?: Keys }): Promise<Ec2Server> {
  const ec2 = createEc2(options);
  const server = createSignedServer(options.keys, 'ec2', (...exchange) => serve(ec2, ...exchange));
  const { port, stop } = await listenOnLoopback(server);
  return {
    ...ec2,
    endpoint: `http://127.0.0.1:${port}`,
    stop,
  };
}

async function serve(
  ec2: Ec2,
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const answer = await answerTo(ec2, request, body, gone.signal);
    response
      .writeHead(answer.status, {
        'content-type': 'text/xml;charset=UTF-8',
        'x-amzn-requestid': answer.requestId,
      })
      .end(answer.body);
  } catch (error) {
    if (!(error instanceof ConnectionLost || gone.signal.aborted)) {
      console.error('sandbox EC2:', error);
    }
    response.destroy();
  }
}

async function answerTo(
  ec2: Ec2,
  request: IncomingMessage,
  body: string,
  signal: AbortSignal,
): Promise<Answer> {
  try {
    if (request.method !== 'POST') {
      throw new Ec2Error('InvalidRequest', `${request.method} is not supported`, 405);
    }
    checkScope(request.headers.authorization, ec2.region);
  } catch (error) {
    if (error instanceof Ec2Error) return errorAnswer(error);
    throw error;
  }
  return ec2.handle(new URLSearchParams(body), { signal });
}
