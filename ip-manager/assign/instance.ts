import { once } from 'node:events';
import { type RequestOptions, request } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { readJson } from '../../shared/text/read.ts';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { EXIT, Failure } from '../exit-code.ts';

/** The EC2 instance that the pod runs on. */
export interface Instance {
  readonly instanceId: string;
  readonly region: string;
}

/** As the SDK has it for the credentials; the service is on the instance's own link. */
const TIMEOUT_MS = 1000;
/** The network of a pod that has just been made may not let it through yet. */
const PAUSES_MS = [500, 1000] as const;
const TOKEN_TTL_SECONDS = 60;

/** EC2 User Guide, "Instance identity documents". */
const document = z.object({ instanceId: z.string().min(1), region: z.string().min(1) });

/**
 * Asks the instance metadata service, version 2, which instance this is.
 *
 * @throws Failure if it does not tell, after three attempts.
 */
export async function readInstance(
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Instance> {
  if (env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true') {
    throw new Failure(
      EXIT.noInstanceMetadata,
      'AWS_EC2_METADATA_DISABLED is set, and only the instance metadata service can tell which instance this is: remove the variable',
    );
  }
  const endpoint = endpointOf(env);
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask(endpoint, signal);
    } catch (error) {
      signal.throwIfAborted();
      const pause = PAUSES_MS[attempt];
      if (pause === undefined) throw explained(error, endpoint);
      await sleep(clock, pause, signal);
    }
  }
}

/** The variables by which the SDK finds it too (AWS SDKs and Tools Reference Guide, "IMDS client"). */
function endpointOf(env: Readonly<Record<string, string | undefined>>): URL {
  const given = env.AWS_EC2_METADATA_SERVICE_ENDPOINT;
  if (given) return new URL(given);
  const ipv6 = env.AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE?.toLowerCase() === 'ipv6';
  return new URL(ipv6 ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254');
}

/** EC2 User Guide, "Use the Instance Metadata Service": a token first, which every request carries. */
async function ask(endpoint: URL, signal: AbortSignal): Promise<Instance> {
  const token = await send(new URL('/latest/api/token', endpoint), {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': TOKEN_TTL_SECONDS },
    signal,
  });
  const told = await send(new URL('/latest/dynamic/instance-identity/document', endpoint), {
    headers: { 'x-aws-ec2-metadata-token': token },
    signal,
  });
  const read = readJson(told, document);
  if (read.ok) return read.value;
  throw new Refused(`its identity document cannot be read: ${read.detail}`);
}

class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

class Refused extends Error {
  override readonly name = 'Refused';
}

async function send(url: URL, options: RequestOptions): Promise<string> {
  const sent = request(url, { ...options, timeout: TIMEOUT_MS });
  sent.on('timeout', () => sent.destroy(new NoAnswer(`no answer within ${TIMEOUT_MS} ms`)));
  sent.end();
  const [response] = await once(sent, 'response');
  const body = await text(response);
  if (response.statusCode === 200) return body;
  throw new Refused(`${options.method ?? 'GET'} ${url.pathname}: HTTP ${response.statusCode}`);
}

function explained(error: unknown, { origin }: URL): Failure {
  const what = `the instance metadata service (${origin})`;
  const because = error instanceof Error ? error.message : String(error);
  if (error instanceof NoAnswer) {
    return new Failure(
      EXIT.noInstanceMetadata,
      `${what} gives ${because}: most likely its answers may travel one hop only, and a pod is two away. Raise HttpPutResponseHopLimit to 2 (aws ec2 modify-instance-metadata-options --instance-id <instance> --http-put-response-hop-limit 2, and in the node group's launch template), and let network policies pass it`,
      { cause: error },
    );
  }
  if (error instanceof Refused) {
    return new Failure(
      EXIT.noInstanceMetadata,
      `${what} refuses to answer: ${because}. Set HttpEndpoint to enabled in the instance's metadata options`,
      { cause: error },
    );
  }
  return new Failure(
    EXIT.noInstanceMetadata,
    `${what} cannot be reached: ${because}. It runs on EC2 instances only; let network policies and the node's firewall pass it, or use "wait", which does not need it`,
    { cause: error },
  );
}
