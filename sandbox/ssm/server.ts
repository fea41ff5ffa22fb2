import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { listenOnLoopback } from '../loopback.ts';

/** Parameter Store on loopback, as far as it is asked. */
export interface SsmServer {
  readonly endpoint: string;
  putParameter(name: string, value: string): void;
  /** The names that were asked for, in order. */
  asked(): readonly string[];
  stop(): Promise<void>;
}

const getParameter = z.object({ Name: z.string().min(1).max(2048) });
const getParametersByPath = z.object({
  Path: z.string().min(1),
  Recursive: z.literal(false).default(false),
  NextToken: z.string().optional(),
});
/** "MaxResults … Valid Range: Minimum value of 1. Maximum value of 10". */
const PAGE_SIZE = 10;

/**
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html and
 * API_GetParametersByPath.html
 */
export async function startSsm(): Promise<SsmServer> {
  const parameters = new Map<string, string>();
  const asked: string[] = [];
  const byPath = (body: string) => {
    const { Path, NextToken = '0' } = getParametersByPath.parse(JSON.parse(body));
    const below = [...parameters].filter(([name]) => {
      return name.startsWith(Path) && !name.slice(Path.length).includes('/');
    });
    const from = Number(NextToken);
    const more = below.length > from + PAGE_SIZE ? { NextToken: String(from + PAGE_SIZE) } : {};
    const Parameters = below.slice(from, from + PAGE_SIZE).map(([Name, Value]) => {
      return { Name, Type: 'String', Value, Version: 1 };
    });
    return { status: 200, body: { Parameters, ...more } };
  };
  const answerTo = (target: string, body: string): { status: number; body: unknown } => {
    if (target === 'AmazonSSM.GetParametersByPath') return byPath(body);
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
    asked: () => asked,
    stop,
  };
}
