import {
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';

/**
 * Checks AWS Signature Version 4, written from
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 * and not from the SDK's signer, so that one proves the other.
 */

export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** What a request says of its signature, in its query (presigned) or its Authorization header. */
export interface SignatureClaim {
  readonly accessKeyId: string;
  /** `<yyyymmdd>/<region>/<service>/aws4_request` */
  readonly scope: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** As the request lists them. */
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const HEADER =
  /^AWS4-HMAC-SHA256 +Credential=([^,]+), *SignedHeaders=([^,]+), *Signature=([0-9a-f]+)$/;

/** Reads the claim; `undefined` if the request is not signed, or not in a readable way. */
export function readClaim(request: SignedRequest): SignatureClaim | undefined {
  const { query, headers } = request;
  if (query.get('X-Amz-Algorithm') === ALGORITHM) {
    return claimOf(
      query.get('X-Amz-Credential'),
      query.get('X-Amz-SignedHeaders'),
      query.get('X-Amz-Signature'),
      query.get('X-Amz-Date'),
    );
  }
  const [, credential, signedHeaders, signature] = HEADER.exec(headers.authorization ?? '') ?? [];
  return claimOf(credential, signedHeaders, signature, headers['x-amz-date']);
}

function claimOf(
  credential: string | null | undefined,
  signedHeaders: string | null | undefined,
  signature: string | null | undefined,
  date: string | null | undefined,
): SignatureClaim | undefined {
  const [accessKeyId, ...scope] = credential?.split('/') ?? [];
  const [, region, service, terminator] = scope;
  if (!accessKeyId || !region || !service || !signedHeaders || !signature || !date)
    return undefined;
  if (scope.length !== 4 || terminator !== 'aws4_request') return undefined;
  const headers = signedHeaders.split(';');
  return {
    accessKeyId,
    scope: scope.join('/'),
    date,
    region,
    service,
    signedHeaders: headers,
    signature,
  };
}

/** Whether `secret` made the signature over exactly this request. */
export function isSignedWith(
  request: SignedRequest,
  claim: SignatureClaim,
  secret: string,
): boolean {
  const stringToSign = [
    ALGORITHM,
    claim.date,
    claim.scope,
    createHash('sha256').update(canonicalRequest(request, claim)).digest('hex'),
  ].join('\n');
  const expected = createHmac('sha256', signingKey(claim.scope, secret))
    .update(stringToSign)
    .digest();
  const given = Buffer.from(claim.signature, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** By scope and secret: it is good for a day, and making it takes longer than all the rest of a review. */
const signingKeys = new Map<string, KeyObject>();

function signingKey(scope: string, secret: string): KeyObject {
  const id = `${scope} ${secret}`;
  const known = signingKeys.get(id);
  if (known !== undefined) return known;
  const bytes = scope
    .split('/')
    .reduce<string | Buffer>(
      (secretSoFar, part) => createHmac('sha256', secretSoFar).update(part).digest(),
      `AWS4${secret}`,
    );
  const key = createSecretKey(Buffer.from(bytes));
  signingKeys.set(id, key);
  return key;
}

function canonicalRequest(request: SignedRequest, claim: SignatureClaim): string {
  const parameters = [...request.query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]): [string, string] => [encode(name), encode(value)])
    .sort(byNameThenValue)
    .map(([name, value]) => `${name}=${value}`);
  const headers = claim.signedHeaders.map(
    (name) => `${name}:${(request.headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}\n`,
  );
  return [
    request.method,
    request.path.split('/').map(encode).join('/'),
    parameters.join('&'),
    headers.join(''),
    claim.signedHeaders.join(';'),
    createHash('sha256').update(request.body).digest('hex'),
  ].join('\n');
}

function byNameThenValue(a: readonly [string, string], b: readonly [string, string]): number {
  return compare(a[0], b[0]) || compare(a[1], b[1]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** "UriEncode": everything but unreserved characters, in upper-case hexadecimal. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
