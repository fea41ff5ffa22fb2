import type { Workload } from '../harness/workload.ts';
import { addressReuse } from './address-reuse.ts';
import { byHand } from './by-hand.ts';
import { dryRun } from './dry-run.ts';
import { eniFull } from './eni-full.ts';
import { floating } from './floating.ts';
import { guide } from './guide.ts';
import { laterIpv6 } from './later-ipv6.ts';
import { ledgersByHand } from './ledgers-by-hand.ts';
import { lyingNode } from './lying-node.ts';
import { manyPods } from './many-pods.ts';
import { nodeDies } from './node-dies.ts';
import { outsiders } from './outsiders.ts';
import { placement } from './placement.ts';
import { registersAnew } from './registers-anew.ts';
import { rollingUpdate } from './rolling-update.ts';
import { room } from './room.ts';
import { statefulSet } from './stateful-set.ts';
import { stopped } from './stopped.ts';
import { twoClusters } from './two-clusters.ts';
import { unseen } from './unseen.ts';
import { vanishing } from './vanishing.ts';

/** Makes a workload for one run. */
export type MakeWorkload = () => Workload;

export const WORKLOADS: readonly MakeWorkload[] = [
  () => guide,
  rollingUpdate,
  () => statefulSet,
  () => nodeDies,
  () => addressReuse,
  () => eniFull,
  () => floating,
  () => twoClusters,
  manyPods,
  () => placement,
  () => laterIpv6,
  () => byHand,
  () => ledgersByHand,
  () => outsiders,
  () => room,
  () => lyingNode,
  () => registersAnew,
  () => unseen,
  vanishing,
  () => stopped,
  () => dryRun,
];
