import { listenOnLoopback } from '../loopback.ts';
import { createSignedServer, type Keys } from '../signed-server.ts';
import type { Tables } from './table.ts';

/** DynamoDB on loopback. */
export interface DynamoDbServer {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** @param options `now` is the time of the answers, ms since the epoch. */
export async function startDynamoDb(options: {
  readonly tables: Tables;
  readonly keys?: Keys;
  readonly now?: () => number;
}): Promise<DynamoDbServer> {
  const { tables, keys, now = Date.now } = options;
  const actions = new Map<string, (input: unknown) => ReturnType<Tables['updateItem']>>([
    ['DynamoDB_20120810.UpdateItem', tables.updateItem],
    ['DynamoDB_20120810.DescribeTable', tables.describeTable],
    ['DynamoDB_20120810.Scan', tables.scan],
  ]);
  const server = createSignedServer(keys, 'json', (request, response, body) => {
    const target = String(request.headers['x-amz-target']);
    const answer = actions.get(target)?.(JSON.parse(body)) ?? {
      status: 400,
      body: { __type: 'UnknownOperationException', message: target },
    };
    response
      .writeHead(answer.status, {
        'content-type': 'application/x-amz-json-1.0',
        date: new Date(now()).toUTCString(),
      })
      .end(JSON.stringify(answer.body));
  });
  const { port, stop } = await listenOnLoopback(server);
  return { endpoint: `http://127.0.0.1:${port}`, stop };
}
