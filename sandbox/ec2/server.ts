import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../loopback.ts';
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
export async function startEc2(options: Ec2Options): Promise<Ec2Server> {
  const ec2 = createEc2(options);
  const server = createServer((request, response) => {
    void serve(ec2, request, response);
  });
  const { port, stop } = await listenOnLoopback(server);
  return {
    ...ec2,
    endpoint: `http://127.0.0.1:${port}`,
    stop,
  };
}

async function serve(ec2: Ec2, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const { status, body } = await answerTo(ec2, request, gone.signal);
    response.writeHead(status, { 'content-type': 'text/xml;charset=UTF-8' }).end(body);
  } catch (error) {
    if (!(error instanceof ConnectionLost || gone.signal.aborted)) {
      console.error('sandbox EC2:', error);
    }
    response.destroy();
  }
}

async function answerTo(ec2: Ec2, request: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  const body = await text(request);
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
