import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { isSignedWith, readClaim, type SignedRequest } from './sigv4.ts';

/** The secret access keys that a service knows, by access key id. */
export type Keys = ReadonlyMap<string, string>;

/** How a service words a refusal: AWS JSON, EC2's own XML, the XML of the other query APIs, or SQS. */
export type Wording = 'json' | 'ec2' | 'query' | 'sqs';

type Fault = 'unknown-key' | 'wrong-signature';

type Listener = (
  request: IncomingMessage,
  response: ServerResponse,
  body: string,
) => void | Promise<void>;

const UNKNOWN = 'The security token included in the request is invalid.';
const MISMATCH = 'The request signature we calculated does not match the signature you provided.';

/**
 * An HTTP server that reads a request's body, refuses what none of the keys signed, and hands on the
 * rest. If `keys` is absent, the server believes every signature, because a test brings its own clients.
 * If the listener throws, the connection breaks.
 */
export function createSignedServer(
  keys: Keys | undefined,
  wording: Wording,
  listener: Listener,
): Server {
  return createServer((request, response) => {
    text(request)
      .then((body) => {
        const fault = keys && faultOf(request, body, keys);
        if (fault === undefined) return listener(request, response, body);
        refuse(response, wording, fault);
      })
      .catch(() => response.destroy());
  });
}

function faultOf(request: IncomingMessage, body: string, keys: Keys): Fault | undefined {
  const url = new URL(request.url ?? '/', 'http://loopback');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  const { pathname: path, searchParams: query } = url;
  const signed: SignedRequest = { method: request.method ?? '', path, query, headers, body };
  const claim = readClaim(signed);
  const secret = keys.get(claim?.accessKeyId ?? '');
  if (claim === undefined || secret === undefined) return 'unknown-key';
  return isSignedWith(signed, claim, secret) ? undefined : 'wrong-signature';
}

function refuse(response: ServerResponse, wording: Wording, fault: Fault): void {
  const isUnknown = fault === 'unknown-key';
  const message = isUnknown ? UNKNOWN : MISMATCH;
  if (wording === 'ec2') {
    // Amazon EC2 API Reference, "Error codes": AuthFailure stands for both.
    const why = 'AWS was not able to validate the provided access credentials';
    const error = `<Errors><Error><Code>AuthFailure</Code><Message>${why}</Message></Error></Errors>`;
    xml(response, 401, `<Response>${error}<RequestID>${randomUUID()}</RequestID></Response>`);
  } else if (wording === 'query') {
    const code = isUnknown ? 'InvalidClientTokenId' : 'SignatureDoesNotMatch';
    const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
    xml(response, 403, `<ErrorResponse>${error}<RequestId>sandbox</RequestId></ErrorResponse>`);
  } else {
    const code = isUnknown ? 'UnrecognizedClientException' : 'InvalidSignatureException';
    const queryCode = isUnknown ? 'InvalidClientTokenId' : 'SignatureDoesNotMatch';
    response
      .writeHead(wording === 'sqs' ? 403 : 400, {
        'content-type': 'application/x-amz-json-1.0',
        'x-amzn-errortype': code,
        ...(wording === 'sqs' && { 'x-amzn-query-error': `${queryCode};Sender` }),
      })
      .end(JSON.stringify({ __type: code, message }));
  }
}

function xml(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'text/xml;charset=UTF-8' }).end(body);
}
