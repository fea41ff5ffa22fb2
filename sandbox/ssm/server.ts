import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { listenOnLoopback } from '../loopback.ts';

/** Parameter Store on loopback, as far as it is asked. */
export interface SsmServer {
  readonly endpoint: string;
  putParameter(name: string, value: string): void;
  deleteParameter(name: string): void;
  /** The names that were asked for, in order. */
  asked(): readonly string[];
  stop(): Promise<void>;
}

const getParameter = z.object({ Name: z.string().min(1).max(2048) });

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html */
export async function startSsm(): Promise<SsmServer> {
  const parameters = new Map<string, string>();
  const asked: string[] = [];
  const answerTo = (target: string, body: string): { status: number; body: unknown } => {
    if (target !== 'AmazonSSM.GetParameter') {
      return { status: 400, body: { __type: 'UnknownOperationException', message: target } };
    }
    const { Name } = getParameter.parse(JSON.parse(body));
    asked.push(Name);
    const Value = parameters.get(Name);
    return Value === undefined
      ? { status: 400, body: { __type: 'ParameterNotFound' } }
      : { status: 200, body: { Parameter: { Name, Type: 'String', Value, Version: 1 } } };
  };
  const server = createServer(async (request, response) => {
    const answer = answerTo(String(request.headers['x-amz-target']), await text(request));
    response
      .writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(answer.body));
  });
  const { port, stop } = await listenOnLoopback(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    putParameter: (name, value) => void parameters.set(name, value),
    deleteParameter: (name) => void parameters.delete(name),
    asked: () => asked,
    stop,
  };
}
