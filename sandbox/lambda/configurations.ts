import { createServer } from 'node:http';
import { listenOnLoopback } from '../loopback.ts';

/** Lambda's API, of which the configurations of functions are there. */
export interface SandboxLambda {
  readonly endpoint: string;
  setConfiguration(functionName: string, variables: Readonly<Record<string, string>>): void;
  stop(): Promise<void>;
}

const CONFIGURATION = /^\/2015-03-31\/functions\/([^/]+)\/configuration$/;

/** Serves GetFunctionConfiguration on a loopback port (AWS Lambda API Reference). */
export async function startLambda(): Promise<SandboxLambda> {
  const functions = new Map<string, Readonly<Record<string, string>>>();
  const server = createServer((request, response) => {
    const [, encoded = ''] = CONFIGURATION.exec(request.url ?? '') ?? [];
    const name = decodeURIComponent(encoded);
    const variables = request.method === 'GET' ? functions.get(name) : undefined;
    if (variables === undefined) {
      response.writeHead(404, { 'x-amzn-errortype': 'ResourceNotFoundException' });
      response.end(JSON.stringify({ Type: 'User', Message: `Function not found: ${name}` }));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ FunctionName: name, Environment: { Variables: variables } }));
  });
  const { port, stop } = await listenOnLoopback(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    setConfiguration: (name, variables) => void functions.set(name, variables),
    stop,
  };
}
