import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { type CallLog, createCallLog } from '../ec2/calls.ts';
import { createFaults, type Faults } from '../ec2/faults.ts';
import { listenOnLoopback } from '../loopback.ts';
import { isSignedWith, readClaim, type SignedRequest } from '../sigv4.ts';
import {
  type Account,
  type Cluster,
  type Credentials,
  createAccount,
  type KubernetesUser,
} from './account.ts';
import {
  type Answer,
  callerIdentity,
  describeAccessEntry,
  describeAddon,
  describeCluster,
  eksError,
  listClusters,
  type Operation,
  recognise,
  stsError,
} from './operations.ts';
import { type Review, reviewToken } from './token-review.ts';
import { tokenReview } from './webhook.ts';

export interface EksOptions {
  readonly clock: Clock;
  readonly region: string;
  /** The account's id, 12 digits. */
  readonly account: string;
  readonly clusters?: readonly Cluster[];
}

export interface EksServer
  extends Pick<
    Account,
    'addCluster' | 'cluster' | 'removeCluster' | 'addAccessEntry' | 'removeAccessEntry'
  > {
  /** EKS's REST API, `http://127.0.0.1:<port>` */
  readonly endpoint: string;
  /** STS's query API. */
  readonly stsEndpoint: string;
  /** A cluster's authentication webhook (`authentication.k8s.io/v1` TokenReview). */
  webhookUrl(cluster: string): string;
  /** Makes a key pair known. Requests that none of these signed are refused. */
  addCredentials(credentials: Credentials): void;
  /** Who a bearer token is on a cluster. */
  reviewToken(cluster: string, token: string): Review;
  /** The same, as the sandbox's API server asks for it. */
  authenticator(cluster: string): (token: string) => KubernetesUser | undefined;
  readonly faults: Faults;
  readonly calls: CallLog;
  /** Stops listening and breaks what is open. */
  stop(): Promise<void>;
}

/** EKS, STS and the clusters' authentication webhook, on a loopback port that the system chooses. */
export async function startEks(options: EksOptions): Promise<EksServer> {
  const account = createAccount(options.account, options.region);
  for (const cluster of options.clusters ?? []) account.addCluster(cluster);
  const calls = createCallLog();
  const faults = createFaults();
  let endpoint = '';
  const review = (cluster: string, token: string): Review =>
    reviewToken({ account, clock: options.clock, ownSts: endpoint }, cluster, token);

  const server = createServer((request, response) => {
    serve({ account, calls, faults, review, clock: options.clock }, request, response).catch(() =>
      response.destroy(),
    );
  });
  const { port, stop } = await listenOnLoopback(server);
  endpoint = `http://127.0.0.1:${port}`;

  return {
    endpoint,
    stsEndpoint: endpoint,
    webhookUrl: (cluster) => `${endpoint}/token-review/${encodeURIComponent(cluster)}`,
    addCluster: account.addCluster,
    cluster: account.cluster,
    removeCluster: account.removeCluster,
    addCredentials: account.addCredentials,
    addAccessEntry: account.addAccessEntry,
    removeAccessEntry: account.removeAccessEntry,
    reviewToken: review,
    authenticator: (cluster) => (token) => {
      const reviewed = review(cluster, token);
      return 'error' in reviewed ? undefined : reviewed;
    },
    faults,
    calls,
    stop,
  };
}

interface Served {
  readonly account: Account;
  readonly calls: ReturnType<typeof createCallLog>;
  readonly faults: ReturnType<typeof createFaults>;
  readonly review: (cluster: string, token: string) => Review;
  readonly clock: Clock;
}

/** @throws if the server is to break the connection. */
async function serve(
  served: Served,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { calls, clock, faults } = served;
  const body = await text(request);
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  const operation = recognise(request.method ?? '', url, body);
  if (operation === undefined) {
    send(response, eksError(404, 'UnknownOperationException', `${request.method} ${url.pathname}`));
    return;
  }
  const call = { ...operation, at: clock.now() };
  const { delayMs, effect } = faults.strike(call);
  if (delayMs > 0) await sleep(clock, delayMs);
  if (effect?.kind === 'time-out') {
    calls.add(call, { kind: 'timed-out' });
    return;
  }
  if (effect?.kind === 'error') {
    const { status = 400, code, message = code } = effect;
    calls.add(call, { kind: 'refused', code });
    send(response, refusal(operation, status, code, message));
    return;
  }
  const answer = answerTo(served, operation, signedRequest(request, url, body));
  if (effect?.kind === 'lost-response') {
    calls.add(call, { kind: 'lost' });
    throw new Error('the response is lost');
  }
  const code = answer.headers?.['x-amzn-errortype'];
  calls.add(
    call,
    answer.status < 400
      ? { kind: 'answered' }
      : { kind: 'refused', code: code ?? `HTTP ${answer.status}` },
  );
  send(response, answer);
}

function answerTo(served: Served, operation: Operation, request: SignedRequest): Answer {
  const { account } = served;
  // The API server that asks for a review is trusted by its place, as a webhook's client is.
  if (operation.action === 'TokenReview') {
    return tokenReview(operation.params.cluster ?? '', request.body, served.review);
  }
  const claim = readClaim(request);
  const credentials = account.credentials(claim?.accessKeyId ?? '');
  if (claim === undefined || credentials === undefined) {
    return operation.action === 'GetCallerIdentity'
      ? stsError(
          403,
          'InvalidClientTokenId',
          'The security token included in the request is invalid.',
        )
      : eksError(
          403,
          'UnrecognizedClientException',
          'The security token included in the request is invalid.',
        );
  }
  if (!isSignedWith(request, claim, credentials.secretAccessKey)) {
    const message = 'The request signature we calculated does not match the one you provided.';
    return operation.action === 'GetCallerIdentity'
      ? stsError(403, 'SignatureDoesNotMatch', message)
      : eksError(403, 'InvalidSignatureException', message);
  }
  if (operation.action === 'GetCallerIdentity') return callerIdentity(account, credentials.roleArn);
  if (operation.action === 'ListClusters') return listClusters(account, operation.params);
  const { name = '', part = '' } = operation.params;
  if (operation.action === 'DescribeAddon') return describeAddon(account, name, part);
  if (operation.action === 'DescribeAccessEntry') return describeAccessEntry(account, name, part);
  return describeCluster(account, name);
}

function refusal(operation: Operation, status: number, code: string, message: string): Answer {
  return operation.action === 'GetCallerIdentity'
    ? stsError(status, code, message)
    : eksError(status, code, message);
}

function signedRequest(request: IncomingMessage, url: URL, body: string): SignedRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers,
    body,
  };
}

function send(response: ServerResponse, { status, contentType, headers, body }: Answer): void {
  response.writeHead(status, { 'content-type': contentType, ...headers }).end(body);
}
