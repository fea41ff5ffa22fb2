import * as z from 'zod';
import { listenOnLoopback } from '../loopback.ts';
import { createSignedServer, type Keys } from '../signed-server.ts';

/** Parameter Store on loopback, as far as it is asked. */
export interface SsmServer {
  readonly endpoint: string;
  putParameter(name: string, value: string): void;
  /** The names that were asked for, in order. */
  asked(): readonly string[];
  stop(): Promise<void>;
}

const getParameter = z.object({ Name: z.string().min(1).max(2048) });
/** "Array Members: Minimum number of 1 item. Maximum number of 10 items." */
const getParameters = z.object({ Names: z.array(z.string().min(1).max(2048)).min(1).max(10) });
const putParameter = z.object({
  Name: z.string().min(1).max(2048),
  /** "Standard parameters have a value limit of 4 KB." */
  Value: z.string().min(1).max(4096),
  Type: z.literal('String'),
  Overwrite: z.boolean().default(false),
});
const getParametersByPath = z.object({
  Path: z.string().min(1),
  Recursive: z.boolean().default(false),
  NextToken: z.string().optional(),
});
/** "MaxResults … Valid Range: Minimum value of 1. Maximum value of 10". */
const PAGE_SIZE = 10;

interface Answer {
  readonly status: number;
  readonly body: object;
}

type Parameters = ReadonlyMap<string, string>;

/**
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html,
 * API_GetParameters.html, API_GetParametersByPath.html and API_PutParameter.html
 */
export async function startSsm({ keys }: { readonly keys?: Keys } = {}): Promise<SsmServer> {
  const parameters = new Map<string, string>();
  const asked: string[] = [];
  const operations: Readonly<Record<string, (input: unknown) => Answer>> = {
    'AmazonSSM.GetParameter': (input) => {
      const { Name } = getParameter.parse(input);
      asked.push(Name);
      const [Parameter] = parametersOf(parameters, [Name]);
      if (Parameter === undefined) return { status: 400, body: { __type: 'ParameterNotFound' } };
      return { status: 200, body: { Parameter } };
    },
    'AmazonSSM.GetParameters': (input) => {
      const { Names } = getParameters.parse(input);
      const Parameters = parametersOf(parameters, Names);
      const InvalidParameters = Names.filter((name) => !parameters.has(name));
      return { status: 200, body: { Parameters, InvalidParameters } };
    },
    'AmazonSSM.PutParameter': (input) => {
      const { Name, Value, Overwrite } = putParameter.parse(input);
      if (parameters.has(Name) && !Overwrite) {
        return { status: 400, body: { __type: 'ParameterAlreadyExists' } };
      }
      parameters.set(Name, Value);
      return { status: 200, body: { Version: 1, Tier: 'Standard' } };
    },
    'AmazonSSM.GetParametersByPath': (input) => below(parameters, input),
  };
  const server = createSignedServer(keys, 'json', (request, response, text) => {
    const target = String(request.headers['x-amz-target']);
    const { status, body } = operations[target]?.(JSON.parse(text)) ?? {
      status: 400,
      body: { __type: 'UnknownOperationException', message: target },
    };
    response
      .writeHead(status, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(body));
  });
  const { port, stop } = await listenOnLoopback(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    putParameter: (name, value) => void parameters.set(name, value),
    asked: () => asked,
    stop,
  };
}

function below(parameters: Parameters, input: unknown): Answer {
  const { Path, Recursive, NextToken = '0' } = getParametersByPath.parse(input);
  const path = Path.endsWith('/') ? Path : `${Path}/`;
  const names = [...parameters.keys()].filter((name) => {
    return name.startsWith(path) && (Recursive || !name.slice(path.length).includes('/'));
  });
  const from = Number(NextToken);
  const more = names.length > from + PAGE_SIZE ? { NextToken: String(from + PAGE_SIZE) } : {};
  const Parameters = parametersOf(parameters, names.slice(from, from + PAGE_SIZE));
  return { status: 200, body: { Parameters, ...more } };
}

function parametersOf(parameters: Parameters, names: readonly string[]) {
  return names.flatMap((Name) => {
    const Value = parameters.get(Name);
    return Value === undefined ? [] : [{ Name, Type: 'String', Value, Version: 1 }];
  });
}
