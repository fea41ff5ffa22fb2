import type { Check } from '../check.ts';

/** By one of these it is given a role: EKS Pod Identity, IRSA, or keys. */
const GIVEN = ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_ROLE_ARN', 'AWS_ACCESS_KEY_ID'];

/** A forwarder's pod that was given no role: it started before one was associated. */
export const forwarderWithoutRole: Check = {
  code: 'ME510',
  name: 'forwarder-without-role',
  reason: 'SQS refuses its messages, unless the node’s own role is allowed to send them.',
  fix: 'See that the add-on eks-pod-identity-agent and the association are there, then kubectl rollout restart.',
  source: 'Amazon EKS User Guide, "Learn how EKS Pod Identity grants pods access to AWS services"',
  asks: 'installed',
  find: ({ systemPods = [] }) =>
    systemPods
      .filter(
        ({ of, variables }) =>
          of === 'forwarder' && !GIVEN.some((each) => variables.includes(each)),
      )
      .map(({ namespace, name }) => ({
        about: `${namespace}/${name}`,
        text: `${namespace}/${name} was given no role by Pod Identity or IRSA`,
      })),
};
