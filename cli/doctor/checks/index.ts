import type { Check } from '../check.ts';
import { bookingsTableWrong } from './bookings-table-wrong.ts';
import { callsNotShared } from './calls-not-shared.ts';
import { concurrencyTooLow } from './concurrency-too-low.ts';
import { deadLetters } from './dead-letters.ts';
import { endpointNotReached } from './endpoint-not-reached.ts';
import { eniFull } from './eni-full.ts';
import { eniOfOtherCluster } from './eni-of-other-cluster.ts';
import { eniOfOthers } from './eni-of-others.ts';
import { eniOfVpcCni } from './eni-of-vpc-cni.ts';
import { eniUntagged } from './eni-untagged.ts';
import { eniWithoutCluster } from './eni-without-cluster.ts';
import { enisInOneSubnet } from './enis-in-one-subnet.ts';
import { forwarderSilent } from './forwarder-silent.ts';
import { forwarderWithoutRole } from './forwarder-without-role.ts';
import { functionsNotAdmitted } from './functions-not-admitted.ts';
import { hostLocalShared } from './host-local-shared.ts';
import { addressForeign, ledgerMissing, ledgerUnreadable, rangesUnset } from './ledgers.ts';
import { masterSaysNothing } from './master-says-nothing.ts';
import { masterWithoutEni } from './master-without-eni.ts';
import { maxPodsTooHigh } from './max-pods-too-high.ts';
import { moreThanEniTakes } from './more-than-eni-takes.ts';
import { multusNotReady } from './multus-not-ready.ts';
import { multusNotRunning } from './multus-not-running.ts';
import { networkUnreadable } from './network-unreadable.ts';
import { nodesOfOneInstance } from './nodes-of-one-instance.ts';
import { policyDryRun } from './policy-dry-run.ts';
import { queueNotRead } from './queue-not-read.ts';
import { rangeHasPrimary } from './range-has-primary.ts';
import { rangeOutsideSubnet } from './range-outside-subnet.ts';
import { rangeReserved } from './range-reserved.ts';
import { rangeUnreserved } from './range-unreserved.ts';
import { rangesOverlap } from './ranges-overlap.ts';
import { addressUnreserved, reservationDouble, reservationStale } from './reservations.ts';
import { rightsLacking } from './rights-lacking.ts';
import { roleLacksPermissions } from './role-lacks-permissions.ts';
import { stageOfAnother } from './stage-of-another.ts';
import { sweepNotScheduled } from './sweep-not-scheduled.ts';
import { versionsDiffer } from './versions-differ.ts';
import { vpcCniOld } from './vpc-cni-old.ts';
import { vpcCniTagsEnis } from './vpc-cni-tags-enis.ts';

/** In the order of their codes. A code that was given is never given again. */
export const CHECKS: readonly Check[] = [
  eniUntagged,
  eniWithoutCluster,
  enisInOneSubnet,
  masterWithoutEni,
  masterSaysNothing,
  eniOfVpcCni,
  eniOfOtherCluster,
  eniOfOthers,
  addressForeign,
  rangeOutsideSubnet,
  rangeReserved,
  rangeHasPrimary,
  rangesOverlap,
  hostLocalShared,
  networkUnreadable,
  reservationStale,
  reservationDouble,
  addressUnreserved,
  rangeUnreserved,
  moreThanEniTakes,
  eniFull,
  concurrencyTooLow,
  maxPodsTooHigh,
  callsNotShared,
  nodesOfOneInstance,
  multusNotRunning,
  vpcCniOld,
  vpcCniTagsEnis,
  multusNotReady,
  forwarderSilent,
  queueNotRead,
  sweepNotScheduled,
  deadLetters,
  functionsNotAdmitted,
  rightsLacking,
  roleLacksPermissions,
  endpointNotReached,
  versionsDiffer,
  forwarderWithoutRole,
  stageOfAnother,
  bookingsTableWrong,
  ledgerMissing,
  ledgerUnreadable,
  rangesUnset,
  policyDryRun,
];
