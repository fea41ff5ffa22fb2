import * as z from 'zod';
import { listenOnLoopback } from '../loopback.ts';
import { createSignedServer, type Keys } from '../signed-server.ts';

/** What a principal wants to do. */
export interface SimulatedRequest {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Readonly<Record<string, string>>;
}

/** IAM on loopback: whether a principal may do something, as somebody else decides it. */
export interface SandboxIam {
  readonly endpoint: string;
  /** Until then everything is allowed. */
  decideBy(isAllowed: (request: SimulatedRequest) => boolean | Promise<boolean>): void;
  /** From now on the caller may simulate nothing. */
  deny(): void;
  stop(): Promise<void>;
}

const simulation = z.object({
  Action: z.literal('SimulatePrincipalPolicy'),
  PolicySourceArn: z.string().startsWith('arn:'),
});

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html */
export async function startIam({ keys }: { readonly keys?: Keys } = {}): Promise<SandboxIam> {
  let decide: (request: SimulatedRequest) => boolean | Promise<boolean> = () => true;
  let isDenied = false;
  const simulate = async (parameters: URLSearchParams): Promise<string> => {
    const { PolicySourceArn: principal } = simulation.parse(Object.fromEntries(parameters));
    const resources = members(parameters, 'ResourceArns');
    const context = contextOf(parameters);
    const results: string[] = [];
    for (const action of members(parameters, 'ActionNames')) {
      for (const resource of resources.length === 0 ? ['*'] : resources) {
        const isAllowed = await decide({ principal, action, resource, context });
        const decision = isAllowed ? 'allowed' : 'implicitDeny';
        results.push(
          `<member><EvalActionName>${action}</EvalActionName><EvalResourceName>${resource}</EvalResourceName><EvalDecision>${decision}</EvalDecision></member>`,
        );
      }
    }
    return `<SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>${results.join('')}</EvaluationResults></SimulatePrincipalPolicyResult><ResponseMetadata><RequestId>sandbox</RequestId></ResponseMetadata></SimulatePrincipalPolicyResponse>`;
  };
  const server = createSignedServer(keys, 'query', async (_request, response, body) => {
    const parameters = new URLSearchParams(body);
    const type = { 'content-type': 'text/xml' };
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, type);
      response.end(
        `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${code}</Message></Error><RequestId>sandbox</RequestId></ErrorResponse>`,
      );
    };
    if (isDenied) return refuse(403, 'AccessDenied');
    if (!simulation.safeParse(Object.fromEntries(parameters)).success) {
      return refuse(400, 'InvalidAction');
    }
    response.writeHead(200, type).end(await simulate(parameters));
  });
  const { port, stop } = await listenOnLoopback(server);
  return {
    endpoint: `http://127.0.0.1:${port}`,
    decideBy(isAllowed) {
      decide = isAllowed;
    },
    deny() {
      isDenied = true;
    },
    stop,
  };
}

function members(parameters: URLSearchParams, name: string): string[] {
  return [...parameters]
    .filter(([key]) => new RegExp(`^${name}\\.member\\.\\d+$`).test(key))
    .map(([, value]) => value);
}

function contextOf(parameters: URLSearchParams): Record<string, string> {
  const keys = [...parameters].flatMap(([key, value]) => {
    const [, at] = /^ContextEntries\.member\.(\d+)\.ContextKeyName$/.exec(key) ?? [];
    return at === undefined ? [] : [[at, value] as const];
  });
  return Object.fromEntries(
    keys.map(([at, name]) => {
      const value = `ContextEntries.member.${at}.ContextKeyValues.member.1`;
      return [name, parameters.get(value) ?? ''];
    }),
  );
}
