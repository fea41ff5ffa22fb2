import { Ec2Error } from './errors.ts';

const SCOPE = /^AWS4-HMAC-SHA256 +Credential=[^/,]+\/\d{8}\/([^/]+)\/([^/]+)\/aws4_request, */;

/**
 * Checks for which region and service a request is signed.
 *
 * @throws Ec2Error AuthFailure, HTTP 401.
 */
export function checkScope(authorization: string | undefined, region: string): void {
  const scope = SCOPE.exec(authorization ?? '');
  if (scope === null) throw refusal('the request has no SigV4 Authorization header');
  const [, signedRegion, service] = scope;
  if (service !== 'ec2') throw refusal(`signed for service ${service}, not ec2`);
  if (signedRegion !== region) throw refusal(`signed for region ${signedRegion}, not ${region}`);
}

function refusal(why: string): Ec2Error {
  return new Ec2Error(
    'AuthFailure',
    `AWS was not able to validate the provided access credentials: ${why}`,
    401,
  );
}
