import { setTimeout as delay } from 'node:timers/promises';
import { sqsEvent } from '../sandbox/lambda/sqs-event.ts';
import { startWorld, type World } from '../sandbox/world.ts';
import { NETWORK_STATUS } from '../shared/cluster/annotations.ts';
import type { NodeMessage } from '../shared/messages/schema.ts';

/** A pod on a worker of its own, whose address is not on an ENI yet. */
export interface WaitingPod {
  readonly address: string;
  /** The event with the message that the forwarder sends about it. */
  readonly event: unknown;
}

/** The sandbox with one network, for pods one after the other. */
export interface Account {
  readonly world: World;
  addWaitingPod(): Promise<WaitingPod>;
}

export async function startAccount(): Promise<Account> {
  const world = await startWorld();
  const { objects } = world.cluster.kubernetes;
  objects.create('network-attachment-definitions', {
    metadata: { namespace: 'default', name: 'ipvlan-conf-1' },
    spec: { config: JSON.stringify({ type: 'ipvlan', master: 'eth1', ipam: { type: 'static' } }) },
  });
  let count = 0;
  return {
    world,
    async addWaitingPod() {
      count += 1;
      const address = `172.16.1.${99 + count}`;
      const worker = world.cluster.addWorker();
      const ref = { namespace: 'default', name: `sampleapp-${count}` };
      const networks = [{ name: 'ipvlan-conf-1', ips: [`${address}/24`] }];
      const { metadata } = objects.create('pods', {
        metadata: {
          ...ref,
          annotations: { 'k8s.v1.cni.cncf.io/networks': JSON.stringify(networks) },
        },
        spec: { nodeName: worker.name, containers: [{ name: 'app', image: 'app' }] },
      });
      while (objects.get('pods', ref).metadata.annotations?.[NETWORK_STATUS] === undefined) {
        await delay(10);
      }
      const message: NodeMessage = {
        version: 1,
        cluster: world.cluster.name,
        node: worker.name,
        instanceId: worker.instanceId,
        reason: 'pods',
        observedAt: new Date(world.clock.now()).toISOString(),
        pods: [{ event: 'add', ...ref, uid: metadata.uid, ips: [address] }],
      };
      return { address, event: eventOf(message, world) };
    },
  };
}

/** The event with which Lambda hands out a message. */
export function eventOf(message: NodeMessage, { queue, clock }: World): unknown {
  const body = JSON.stringify(message);
  const received = {
    MessageId: 'bench',
    ReceiptHandle: 'bench',
    Body: body,
    MD5OfBody: 'bench',
    Attributes: {
      ApproximateReceiveCount: '1',
      SentTimestamp: String(clock.now()),
      SenderId: 'bench',
      ApproximateFirstReceiveTimestamp: String(clock.now()),
      MessageGroupId: `${message.cluster}/${message.node}`,
    },
  };
  return sqsEvent([received], queue.arn);
}
