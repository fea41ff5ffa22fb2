/** What the operator typed, or what it names, is wrong. */
export class BadInput extends Error {
  override readonly name = 'BadInput';
}

interface Advice {
  /** Matches the name, the code or the message of an error that AWS's services or SDK throw. */
  readonly of: RegExp;
  readonly text: string;
  /** What the operator typed, or left out, is wrong. */
  readonly badInput?: true;
}

const ADVICE: readonly Advice[] = [
  {
    // IAM User Guide, "Troubleshoot access denied error messages"; resources/queues.ts denies.
    of: /\bsqs:\w+ .*explicit deny in a resource-based policy/i,
    text: "the queue's policy does not admit you: add the ARN of your role to iam.operators in config/<stage>.yml, or to Operators of the stack of a cluster that joined, and deploy",
  },
  {
    of: /^(AccessDenied|AuthorizationError|UnauthorizedOperation)/,
    text: 'your role lacks this permission',
  },
  { of: /^(ExpiredToken|RequestExpired)/, text: 'your credentials have ended: sign in again' },
  {
    of: /^(InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|InvalidSecurity|InvalidSignature)/,
    text: 'AWS does not know these credentials',
  },
  { of: /^Region is missing/, text: 'give --region, or set AWS_REGION', badInput: true },
  {
    of: /^CredentialsProviderError$/,
    text: 'no credentials were found: set AWS_PROFILE, or sign in',
  },
  {
    of: /(QueueDoesNotExist|NonExistentQueue)/,
    text: 'check the URL of the queue and the region',
    badInput: true,
  },
  {
    of: /^(ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|TimeoutError)$/,
    text: 'check the region and your network',
  },
];

/**
 * One line that says what failed and what to do about it.
 *
 * @param doing what was tried, such as `receive from <queue>`.
 */
export function explain(error: unknown, doing: string): string {
  return explained(error, doing).text;
}

function explained(error: unknown, doing: string): { text: string; badInput: boolean } {
  const [name, code] = [textIn(error, 'name'), textIn(error, 'code')];
  const [said = ''] = (error instanceof Error ? error.message : String(error)).trim().split('\n');
  const advice = ADVICE.find(({ of }) => [name, code, said].some((text) => of.test(text)));
  const what = [name === 'Error' ? code : name, said].filter(Boolean).join(': ');
  const text = `could not ${doing}: ${what}${advice === undefined ? '' : ` (${advice.text})`}`;
  return { text, badInput: advice?.badInput === true };
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

/**
 * Runs `action`.
 *
 * @throws what says what was tried: BadInput if it is the operator's to correct, else Failed.
 */
export async function trying<T>(doing: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const { text, badInput } = explained(error, doing);
    throw badInput ? new BadInput(text, { cause: error }) : new Failed(text, { cause: error });
  }
}
