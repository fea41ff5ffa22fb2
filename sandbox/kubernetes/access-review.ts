import * as z from 'zod';
import type { Authorize } from './authentication.ts';

export const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';

const review = z.object({
  apiVersion: z.literal('authorization.k8s.io/v1'),
  kind: z.literal('SubjectAccessReview'),
  spec: z.object({
    user: z.string().default(''),
    groups: z.array(z.string()).default([]),
    resourceAttributes: z.object({
      verb: z.string(),
      group: z.string().default(''),
      resource: z.string(),
      subresource: z.string().optional(),
      namespace: z.string().optional(),
    }),
  }),
});

/**
 * Whether somebody may do something; nothing is stored.
 * https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/subject-access-review-v1/
 *
 * @throws z.ZodError
 */
export function reviewAccess(authorize: Authorize, body: unknown): object {
  const { spec, ...rest } = review.parse(body);
  const { resource, subresource, ...attributes } = spec.resourceAttributes;
  const whole = subresource === undefined ? resource : `${resource}/${subresource}`;
  const user = { username: spec.user, groups: spec.groups };
  const allowed = authorize(user, { ...attributes, resource: whole });
  return { ...rest, metadata: {}, spec, status: { allowed } };
}
