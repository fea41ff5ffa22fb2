/** What the operator typed, or what it names, is wrong. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
}

/** By what the errors that AWS's services and SDK throw are called, or begin with. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/^(AccessDenied|AuthorizationError|UnauthorizedOperation)/, 'your role lacks this permission'],
  [/^(ExpiredToken|RequestExpired)/, 'your credentials have ended: sign in again'],
  [
    /^(InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSecurity)/,
    'AWS does not know these credentials',
  ],
  [/^Region is missing/, 'give --region, or set AWS_REGION'],
  [/^CredentialsProviderError$/, 'no credentials were found: set AWS_PROFILE, or sign in'],
  [/(QueueDoesNotExist|NonExistentQueue)/, 'check the URL of the queue and the region'],
  [
    /^(ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|TimeoutError)$/,
    'check the region and your network',
  ],
];

/**
 * One line that says what failed and what to do about it.
 *
 * @param doing what was tried, such as `receive from <queue>`.
 */
export function explain(error: unknown, doing: string): string {
  const [name, code] = [textIn(error, 'name'), textIn(error, 'code')];
  const [said = ''] = (error instanceof Error ? error.message : String(error)).trim().split('\n');
  const advice = ADVICE.find(([pattern]) => [name, code, said].some((text) => pattern.test(text)));
  const what = [name === 'Error' ? code : name, said].filter(Boolean).join(': ');
  return `could not ${doing}: ${what}${advice === undefined ? '' : ` (${advice[1]})`}`;
}

function textIn(error: unknown, key: string): string {
  if (!(error instanceof Error)) return '';
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' ? value : '';
}

/** An error whose message is a line for the operator already. */
export class Failed extends Error {
  override readonly name = 'Failed';
}

/** Runs `action`; what it throws becomes a Failed that says what was tried. */
export async function trying<T>(doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new Failed(explain(error, doing), { cause: error });
  }
}
