import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { partition } from '@aws-sdk/core/client';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentials } from './cluster/token.ts';

/** What sends a request: the handler of a client of the SDK. */
export interface RequestHandler {
  handle(
    request: HttpRequest,
    options: { readonly abortSignal: AbortSignal },
  ): Promise<{
    readonly response: {
      readonly statusCode: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body?: unknown;
    };
  }>;
}

export interface SignedJsonOptions {
  /** As it signs and is addressed: `dynamodb`. */
  readonly service: string;
  /** `X-Amz-Target`: the API's version and the action. */
  readonly target: string;
  readonly region: string;
  readonly credentials: () => Promise<AwsCredentials>;
  readonly requestHandler: RequestHandler;
  /** Default: the Region's own. */
  readonly endpoint?: string | undefined;
  /** The Region's FIPS endpoint. */
  readonly fips?: boolean;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
  /** The service's own time, ms since the epoch, to the second. */
  readonly date?: number;
}

/**
 * One action of a service that speaks JSON 1.0 (https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html),
 * signed, and sent once. A client of the SDK for one action would be a tenth of what a function loads.
 *
 * @returns what sends it. Rejects if there is no answer, or if that is no JSON.
 */
export function signedJson(
  options: SignedJsonOptions,
): (input: object, signal: AbortSignal) => Promise<JsonAnswer> {
  const { service, target, region, credentials, requestHandler } = options;
  const { protocol, hostname, port, host } = new URL(endpointOf(options));
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
  return async (input, abortSignal) => {
    const body = JSON.stringify(input);
    const headers = {
      host,
      'content-type': 'application/x-amz-json-1.0',
      'content-length': String(Buffer.byteLength(body)),
      'x-amz-target': target,
    };
    const to = { protocol, hostname, ...(port !== '' && { port: Number(port) }), path: '/' };
    const signed = await signer.sign(new HttpRequest({ ...to, method: 'POST', headers, body }));
    const { response } = await requestHandler.handle(new HttpRequest(signed), { abortSignal });
    const date = Date.parse(response.headers.date ?? '');
    return {
      status: response.statusCode,
      body: JSON.parse(await textOf(response.body)),
      ...(!Number.isNaN(date) && { date }),
    };
  };
}

function endpointOf({ service, region, endpoint, fips }: SignedJsonOptions): string {
  return (
    endpoint ?? `https://${service}${fips ? '-fips' : ''}.${region}.${partition(region).dnsSuffix}`
  );
}

async function textOf(body: unknown): Promise<string> {
  if (body instanceof Readable) return text(body);
  return body instanceof Uint8Array ? new TextDecoder().decode(body) : '';
}
