import * as z from 'zod';
import { type Answer, json } from './operations.ts';
import type { Review } from './token-review.ts';

const tokenReviewRequest = z.object({
  apiVersion: z.literal('authentication.k8s.io/v1'),
  kind: z.literal('TokenReview'),
  spec: z.object({ token: z.string() }),
});

/**
 * A cluster's authentication webhook
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#webhook-token-authentication).
 *
 * @param body a TokenReview in JSON; the answer is one too.
 */
export function tokenReview(
  cluster: string,
  body: string,
  review: (cluster: string, token: string) => Review,
): Answer {
  let object: unknown;
  try {
    object = JSON.parse(body);
  } catch {
    object = undefined;
  }
  const parsed = tokenReviewRequest.safeParse(object);
  if (!parsed.success) return json(400, { message: z.prettifyError(parsed.error) });
  const { apiVersion, kind, spec } = parsed.data;
  const reviewed = review(cluster, spec.token);
  const status =
    'error' in reviewed
      ? { authenticated: false, error: reviewed.error }
      : { authenticated: true, user: { username: reviewed.username, groups: reviewed.groups } };
  return json(200, { apiVersion, kind, status });
}
