import { type EndpointProblem, endpointProblem } from '../../../shared/cluster/endpoint.ts';
import type { Check } from '../check.ts';
import { ifKnown } from '../maybe-known.ts';
import { ofStage } from '../stage/of-stage.ts';

const TEXTS: Readonly<Record<EndpointProblem, string>> = {
  'no-private': 'has no private endpoint',
  'private-only': 'has a private endpoint only, and the functions are in no VPC',
  closed: 'lets named addresses in only, and functions outside of a VPC have none of their own',
};

/** An API server that the functions do not reach. */
export const endpointNotReached: Check = {
  code: 'ME508',
  name: 'endpoint-not-reached',
  reason: 'The functions wait for the API server in vain, and nothing is assigned.',
  fix: 'Deploy the functions into a VPC that reaches it: vpc, and privateEndpoint of the cluster, in config/<stage>.yml.',
  source: 'Amazon EKS User Guide, "Cluster API server endpoint"',
  asks: 'installed',
  find: ({ stage, view }) =>
    ofStage(stage, ({ functions, cluster }) =>
      ifKnown(functions, ({ reconcile: { inVpc } }) =>
        ifKnown(cluster, ({ endpoint }) => {
          // In a VPC its name stands for the private endpoint, where there is one.
          const byPrivate = inVpc && endpoint.endpointPrivateAccess === true;
          const problem = endpointProblem(endpoint, { inVpc, byPrivate });
          if (problem === undefined) return [];
          const about = view?.cluster ?? '';
          return [{ about, text: `${about} ${TEXTS[problem]}` }];
        }),
      ),
    ),
};
