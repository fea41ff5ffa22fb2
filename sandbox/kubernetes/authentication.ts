import { failure, forbidden } from './status.ts';

export interface User {
  readonly username: string;
  readonly groups: readonly string[];
}

/** What a request wants to do, as an authorizer sees it. */
export interface Access {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** With its subresource: `pods/status`. */
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** Who a bearer token is, or `undefined` for nobody. */
export type Authenticate = (token: string) => User | undefined | Promise<User | undefined>;

export type Authorize = (user: User, access: Access) => boolean;

/** The token that the API server accepts if no other authentication is configured. */
export const ADMIN_TOKEN = 'sandbox-admin';

export const acceptAdminToken: Authenticate = (token) =>
  token === ADMIN_TOKEN ? { username: 'admin', groups: ['system:masters'] } : undefined;

/** @throws StatusError 401 */
export async function authenticateRequest(
  authenticate: Authenticate,
  authorization: string | null,
): Promise<User> {
  const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
  const user = token === undefined ? undefined : await authenticate(token);
  if (user === undefined) throw failure(401, 'Unauthorized');
  return user;
}

/** @throws StatusError 403 */
export function authorizeRequest(authorize: Authorize, user: User, access: Access): void {
  if (authorize(user, access)) return;
  const { verb, group, resource, namespace, name } = access;
  const where =
    namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const [kind = ''] = resource.split('/');
  const whole = group === '' ? kind : `${kind}.${group}`;
  const subject = name === undefined ? whole : `${whole} ${JSON.stringify(name)}`;
  throw forbidden(
    `${subject} is forbidden: User "${user.username}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
    { ...(name !== undefined && { name }), ...(group !== '' && { group }), kind },
  );
}
