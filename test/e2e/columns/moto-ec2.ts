import {
  AssociateVpcCidrBlockCommand,
  AttachNetworkInterfaceCommand,
  CreateNetworkInterfaceCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  type EC2Client,
  RunInstancesCommand,
  type Tag,
} from '@aws-sdk/client-ec2';
import * as z from 'zod';
import { SUBNETS } from '../../../sandbox/aws.ts';
import { MANAGED_TAG } from '../../../sandbox/worker.ts';
import { compareAddresses, parseAddress } from '../../../shared/address.ts';
import type { Cloud, WorkerOptions } from '../../support/stage.ts';
import { cloudClient, shownOn } from '../../support/stage-cloud.ts';
import type { Launched } from './real-cluster.ts';

/** An AMI that moto knows. */
const IMAGE = 'ami-12c6146b';
const MANAGED: readonly Tag[] = Object.entries(MANAGED_TAG).map(([Key, Value]) => ({ Key, Value }));

const createdVpc = z.object({ Vpc: z.object({ VpcId: z.string() }) });
const createdSubnet = z.object({ Subnet: z.object({ SubnetId: z.string() }) });
const createdEni = z.object({
  NetworkInterface: z.object({ NetworkInterfaceId: z.string(), MacAddress: z.string() }),
});
const ranInstance = z.object({
  Instances: z.tuple([
    z.object({
      InstanceId: z.string(),
      PrivateDnsName: z.string(),
      PrivateIpAddress: z.string(),
      NetworkInterfaces: z.tuple([
        z.object({ NetworkInterfaceId: z.string(), MacAddress: z.string() }),
      ]),
    }),
  ]),
});

/** The subnets of the user's guide in a VPC of their own, and what can be done there. */
export interface MotoEc2 {
  readonly cloud: Cloud;
  /** Launches an instance with eth0, eth1 and eth2. */
  launch(cluster: string, options?: WorkerOptions): Promise<Launched>;
}

export async function setUpEc2(client: EC2Client): Promise<MotoEc2> {
  const vpc = await client.send(new CreateVpcCommand({ CidrBlock: '172.16.0.0/16' }));
  const VpcId = createdVpc.parse(vpc).Vpc.VpcId;
  await client.send(new AssociateVpcCidrBlockCommand({ VpcId, CidrBlock: '172.20.0.0/16' }));
  const addSubnet = async (CidrBlock: string, Ipv6CidrBlock?: string): Promise<string> => {
    const command = new CreateSubnetCommand({ VpcId, CidrBlock, Ipv6CidrBlock });
    return createdSubnet.parse(await client.send(command)).Subnet.SubnetId;
  };
  const node = await addSubnet(SUBNETS.node.cidr);
  const multus = {
    multus1: { id: await addSubnet(SUBNETS.multus1.cidr, ...SUBNETS.multus1.ipv6Cidrs), net: 1 },
    multus2: { id: await addSubnet(SUBNETS.multus2.cidr, ...SUBNETS.multus2.ipv6Cidrs), net: 3 },
  };
  // moto would give an ENI any address, also one that a scenario means to assign.
  let last = 9;
  const nextPrimary = (net: number): string => {
    last += 1;
    return `172.16.${net}.${last}`;
  };
  const addEni = async (subnetId: string, primary: string, tags: readonly Tag[]) => {
    const command = new CreateNetworkInterfaceCommand({
      SubnetId: subnetId,
      PrivateIpAddress: primary,
      TagSpecifications: [{ ResourceType: 'network-interface', Tags: [...tags] }],
    });
    return createdEni.parse(await client.send(command)).NetworkInterface;
  };

  return {
    cloud: {
      ...cloudClient(client),
      async addressesOn(eniId) {
        const { ipv4, ipv6 } = await shownOn(client, eniId);
        return [...ipv4, ...ipv6].sort(inOrder);
      },
      addSpareEnis: () => neverNeeded('more ENIs than EC2 shows on a page'),
      delegatePrefix: () => neverNeeded('a delegated prefix'),
      terminate: () => neverNeeded('an instance that is terminated'),
      addStranger: () => neverNeeded("an instance that is nobody's node"),
    },
    async launch(cluster, options = {}) {
      const { subnets = ['multus1', 'multus2'], eth1Tagged = true } = options;
      const { instanceType = 'm5.large' } = options;
      const clusterTag = { Key: `kubernetes.io/cluster/${cluster}`, Value: 'owned' };
      const { instance, eth0 } = await runInstance(client, node, instanceType);
      await client.send(new CreateTagsCommand({ Resources: [eth0.id], Tags: [clusterTag] }));
      const enis: Launched['enis'][number][] = [{ ...eth0, deviceIndex: 0, subnetId: node }];
      for (const [index, name] of subnets.entries()) {
        const tagged = index > 0 || eth1Tagged;
        const tags = tagged ? [clusterTag, ...MANAGED] : [clusterTag];
        const { id: subnetId, net } = multus[name];
        const eni = await addEni(subnetId, nextPrimary(net), tags);
        const { NetworkInterfaceId, MacAddress: mac } = eni;
        const DeviceIndex = index + 1;
        const InstanceId = instance.instanceId;
        await client.send(
          new AttachNetworkInterfaceCommand({ NetworkInterfaceId, InstanceId, DeviceIndex }),
        );
        enis.push({ id: NetworkInterfaceId, mac, subnetId, deviceIndex: DeviceIndex });
      }
      return { ...instance, instanceType, enis };
    },
  };
}

async function runInstance(client: EC2Client, SubnetId: string, type: string) {
  // The SDK's type lists the instance types of its day.
  const InstanceType = z.enum(['m5.large', 'm5.24xlarge', 't3.medium']).parse(type);
  const once = { MinCount: 1, MaxCount: 1 };
  const command = new RunInstancesCommand({ ImageId: IMAGE, InstanceType, SubnetId, ...once });
  const [ran] = ranInstance.parse(await client.send(command)).Instances;
  const [eth0] = ran.NetworkInterfaces;
  return {
    instance: {
      instanceId: ran.InstanceId,
      name: ran.PrivateDnsName,
      address: ran.PrivateIpAddress,
    },
    eth0: { id: eth0.NetworkInterfaceId, mac: eth0.MacAddress },
  };
}

function inOrder(a: string, b: string): number {
  const [first, second] = [parseAddress(a), parseAddress(b)];
  return first && second ? compareAddresses(first, second) : 0;
}

/** The scenarios with one are not applicable to moto. */
function neverNeeded(what: string): never {
  throw new Error(`moto: no applicable scenario has ${what}`);
}
