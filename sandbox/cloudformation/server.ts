import { listenOnLoopback } from '../loopback.ts';
import { createSignedServer, type Keys } from '../signed-server.ts';

/** CloudFormation's API on loopback, as far as an operator reads the outputs of a stack. */
export interface SandboxCloudFormation {
  readonly endpoint: string;
  setStack(name: string, outputs: Readonly<Record<string, string>>): void;
  /** From now on the caller may not describe this stack. */
  deny(name: string): void;
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

const NAMESPACE = 'http://cloudformation.amazonaws.com/doc/2010-05-15/';

/** AWS CloudFormation API Reference, "DescribeStacks". */
export async function startCloudFormation({
  keys,
}: {
  readonly keys?: Keys;
} = {}): Promise<SandboxCloudFormation> {
  const stacks = new Map<string, Readonly<Record<string, string>>>();
  const denied = new Set<string>();
  const describe = (name: string | null): Answer => {
    if (name !== null && denied.has(name))
      return refused(403, 'AccessDenied', 'User: u is not authorized');
    const found = [...stacks].filter(([each]) => name === null || each === name);
    if (name !== null && found.length === 0) {
      return refused(400, 'ValidationError', `Stack with id ${name} does not exist`);
    }
    const members = found.map(([each, outputs]) => stackXml(each, outputs)).join('');
    const result = `<DescribeStacksResult><Stacks>${members}</Stacks></DescribeStacksResult>`;
    const body = `<DescribeStacksResponse xmlns="${NAMESPACE}">${result}</DescribeStacksResponse>`;
    return { status: 200, body };
  };
  const server = createSignedServer(keys, 'query', (_request, response, text) => {
    const asked = new URLSearchParams(text);
    const action = asked.get('Action');
    const { status, body } =
      action === 'DescribeStacks'
        ? describe(asked.get('StackName'))
        : refused(400, 'InvalidAction', `Could not find operation ${action}`);
    response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
  });
  const { port, stop } = await listenOnLoopback(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    setStack: (name, outputs) => void stacks.set(name, outputs),
    deny: (name) => void denied.add(name),
    stop,
  };
}

function stackXml(name: string, outputs: Readonly<Record<string, string>>): string {
  const members = Object.entries(outputs).map(
    ([key, value]) =>
      `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const facts = `<StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime>`;
  return `<member><StackName>${name}</StackName>${facts}<Outputs>${members.join('')}</Outputs></member>`;
}

function refused(status: number, code: string, message: string): Answer {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, body: `<ErrorResponse xmlns="${NAMESPACE}">${error}</ErrorResponse>` };
}
