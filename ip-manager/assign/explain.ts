import { StalePodsError } from '../../shared/apply/release.ts';
import { isThrottled } from '../../shared/enis/ec2-errors.ts';
import { EXIT, Failure } from '../exit-code.ts';

/** What EC2 and STS answer if the caller may not do something. */
const NO_PERMISSION =
  /^(UnauthorizedOperation|AccessDenied|AuthFailure|InvalidClientTokenId|InvalidIdentityToken|UnrecognizedClient|SignatureDoesNotMatch|ExpiredToken|Expired)/;
/** EC2 changed while it was read: the next reading shows what is there now. */
const CHANGED_MEANWHILE = /^InvalidNetworkInterfaceID\.NotFound$/;
const NO_CONNECTION = /^(E(?!RR_)[A-Z_]+|TimeoutError)$/;

const ACTIONS =
  'ec2:DescribeNetworkInterfaces, ec2:DescribeSubnets, ec2:AssignPrivateIpAddresses, ec2:AssignIpv6Addresses, and for ALLOW_REASSIGNMENT ec2:UnassignPrivateIpAddresses, ec2:UnassignIpv6Addresses';

/**
 * Why a call on AWS failed, if it may succeed the next time.
 *
 * @throws Failure if permissions or credentials are missing; `error` itself if nobody foresaw it.
 */
export function reasonToTryAgain(error: unknown): string {
  if (!(error instanceof Error) || error instanceof Failure) throw error;
  const { name } = error;
  const code = textIn(error, 'code');
  const said = `${name === 'Error' ? code : name}: ${error.message}`;
  if (name === 'CredentialsProviderError' || name === 'ProviderError') {
    throw new Failure(
      EXIT.noPermission,
      `no AWS credentials: give the node an instance role, or the pod's service account a role (Pod Identity, IRSA). ${said}`,
      { cause: error },
    );
  }
  if (NO_PERMISSION.test(name)) {
    const action = /perform: (ec2:\w+)/.exec(error.message)?.[1] ?? ACTIONS;
    throw new Failure(EXIT.noPermission, `allow the role ${action}. ${said}`, { cause: error });
  }
  const passes =
    isThrottled(error) ||
    error instanceof StalePodsError ||
    CHANGED_MEANWHILE.test(name) ||
    [name, code].some((text) => NO_CONNECTION.test(text)) ||
    statusOf(error) >= 500;
  if (passes) return said;
  throw error;
}

function textIn(error: Error, key: string): string {
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' ? value : '';
}

function statusOf(error: Error): number {
  const metadata: unknown = Reflect.get(error, '$metadata');
  const status: unknown =
    typeof metadata === 'object' && metadata !== null && Reflect.get(metadata, 'httpStatusCode');
  return typeof status === 'number' ? status : 0;
}
