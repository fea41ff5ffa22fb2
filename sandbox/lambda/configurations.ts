import { listenOnLoopback } from '../loopback.ts';
import { createSignedServer, type Keys } from '../signed-server.ts';

/** What a function has beside its environment. */
export interface FunctionSpec {
  readonly role?: string;
  /** Those of a VPC that it is attached to. */
  readonly subnetIds?: readonly string[];
}

/** What has a function read a queue. */
export interface MappingSpec {
  readonly functionName: string;
  readonly queueArn: string;
  readonly state?: 'Enabled' | 'Disabled' | 'Disabling' | 'Updating';
  readonly maximumConcurrency?: number;
}

/** Lambda's API, as far as an operator looks at functions and at what invokes them. */
export interface SandboxLambda {
  readonly endpoint: string;
  setConfiguration(
    functionName: string,
    variables: Readonly<Record<string, string>>,
    spec?: FunctionSpec,
  ): void;
  /** In the place of the one that reads the same queue. */
  setMapping(mapping: MappingSpec): void;
  removeMapping(queueArn: string): void;
  /** How many invocations the account may have at once. */
  setConcurrency(unreserved: number): void;
  /** From now on the caller may not do this. */
  deny(action: LambdaAction): void;
  stop(): Promise<void>;
}

export type LambdaAction =
  | 'GetFunctionConfiguration'
  | 'ListEventSourceMappings'
  | 'GetAccountSettings';

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly error?: string;
}

/** "Concurrent executions: 1,000" (AWS Lambda Developer Guide, "Lambda quotas"). */
const CONCURRENCY = 1_000;

interface Account {
  readonly functions: Map<string, FunctionSpec & { variables: Readonly<Record<string, string>> }>;
  /** By the queue's ARN. */
  readonly mappings: Map<string, MappingSpec>;
  readonly denied: Set<LambdaAction>;
  unreserved: number;
  readonly arnOf: (functionName: string) => string;
}

/** Serves it on a loopback port (AWS Lambda API Reference). */
export async function startLambda({
  region,
  account: id,
  keys,
}: {
  readonly region: string;
  readonly account: string;
  readonly keys?: Keys;
}): Promise<SandboxLambda> {
  const arnOf = (name: string): string => `arn:aws:lambda:${region}:${id}:function:${name}`;
  const account: Account = {
    ...{ functions: new Map(), mappings: new Map(), denied: new Set() },
    ...{ unreserved: CONCURRENCY, arnOf },
  };
  const server = createSignedServer(keys, 'json', (request, response) => {
    const url = new URL(request.url ?? '/', 'http://lambda');
    const { status, body, error } =
      (request.method === 'GET' ? serve(account, url) : undefined) ??
      failed(404, 'UnknownOperationException', `${request.method} ${url.pathname}`);
    response
      .writeHead(status, {
        'content-type': 'application/json',
        ...(error !== undefined && { 'x-amzn-errortype': error }),
      })
      .end(JSON.stringify(body));
  });
  const { port, stop } = await listenOnLoopback(server);
  const { functions, mappings } = account;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    setConfiguration: (name, variables, spec = functions.get(name)) =>
      void functions.set(name, { ...spec, variables }),
    setMapping: (mapping) => void mappings.set(mapping.queueArn, mapping),
    removeMapping: (queueArn) => void mappings.delete(queueArn),
    setConcurrency(executions) {
      account.unreserved = executions;
    },
    deny: (action) => void account.denied.add(action),
    stop,
  };
}

function serve(account: Account, { pathname, searchParams }: URL): Answer | undefined {
  const [, encoded] = /^\/2015-03-31\/functions\/([^/]+)\/configuration$/.exec(pathname) ?? [];
  if (encoded !== undefined) {
    const name = decodeURIComponent(encoded);
    return unlessDenied(account, 'GetFunctionConfiguration', () => configuration(account, name));
  }
  if (/^\/2015-03-31\/event-source-mappings\/?$/.test(pathname)) {
    return unlessDenied(account, 'ListEventSourceMappings', () => mapped(account, searchParams));
  }
  if (/^\/2016-08-19\/account-settings\/?$/.test(pathname)) {
    return unlessDenied(account, 'GetAccountSettings', () => settings(account));
  }
  return undefined;
}

function unlessDenied({ denied }: Account, action: LambdaAction, give: () => Answer): Answer {
  if (!denied.has(action)) return give();
  return failed(403, 'AccessDeniedException', `not authorized to perform: lambda:${action}`);
}

function configuration({ functions, arnOf }: Account, name: string): Answer {
  const found = functions.get(name);
  if (found === undefined) {
    return failed(404, 'ResourceNotFoundException', `Function not found: ${name}`);
  }
  const { variables, role: Role, subnetIds: SubnetIds = [] } = found;
  const Environment = { Variables: variables };
  const VpcConfig = { SubnetIds, SecurityGroupIds: [], VpcId: '' };
  return answer({ FunctionName: name, FunctionArn: arnOf(name), Role, Environment, VpcConfig });
}

function mapped({ mappings, arnOf }: Account, query: URLSearchParams): Answer {
  const [name, queue] = [query.get('FunctionName'), query.get('EventSourceArn')];
  const EventSourceMappings = [...mappings.values()]
    .filter(({ functionName }) => name === null || name === functionName)
    .filter(({ queueArn }) => queue === null || queue === queueArn)
    .map(({ functionName, queueArn, state = 'Enabled', maximumConcurrency }, index) => ({
      ...{ UUID: `mapping-${index}`, EventSourceArn: queueArn, State: state },
      FunctionArn: arnOf(functionName),
      ScalingConfig: { MaximumConcurrency: maximumConcurrency },
    }));
  return answer({ EventSourceMappings });
}

function settings({ unreserved, functions }: Account): Answer {
  const limit = { ConcurrentExecutions: unreserved, UnreservedConcurrentExecutions: unreserved };
  return answer({ AccountLimit: limit, AccountUsage: { FunctionCount: functions.size } });
}

function answer(body: object): Answer {
  return { status: 200, body };
}

function failed(status: number, error: string, message: string): Answer {
  return { status, error, body: { Type: 'User', Message: message, message } };
}
