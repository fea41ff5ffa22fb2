/**
 * A program that starts a cluster with as many nodes as its argument says, tells of its folder, and
 * holds it until it is killed.
 */
import { dirname } from 'node:path';
import { startWorld } from '../../../sandbox/world.ts';
import { startRealCluster } from '../cluster/start.ts';

const world = await startWorld();
const { adminKubeconfig } = await startRealCluster({
  ec2: world.ec2,
  eks: world.eks,
  clusterName: world.cluster.name,
  subnets: world.subnets,
  nodes: Number(process.argv[2]),
});
console.log(dirname(adminKubeconfig));
