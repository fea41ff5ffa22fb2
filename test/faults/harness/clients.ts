import { EC2Client } from '@aws-sdk/client-ec2';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { Clients } from '../../../functions/context.ts';
import { REGION } from '../../../sandbox/aws.ts';
import type { Kubernetes } from '../../../shared/cluster/kubernetes.ts';
import { virtualKubernetes } from '../world/kubernetes.ts';
import type { VirtualWorld } from '../world/world.ts';
import type { Through } from './calls.ts';
import { asking, GARBLED, isControl, knownTo } from './controls.ts';
import type { Invariants } from './invariants.ts';
import { entriesOf } from './ledgers.ts';
import type { Life } from './life.ts';
import {
  arrived,
  beginReading,
  currentReading,
  described,
  listed,
  readLedger,
  shownTo,
  wroteLedger,
} from './reconciles.ts';
import type { Rooms } from './room.ts';

/** Never used to send: they lend their types to what is sent in their place. */
const options = { region: REGION, credentials: { accessKeyId: 'none', secretAccessKey: 'none' } };
const ec2Client = new EC2Client(options);
const sqsClient = new SQSClient(options);

interface Parts {
  readonly world: VirtualWorld;
  readonly through: Through;
  readonly invariants: Invariants;
  readonly rooms: Rooms;
  /** The number of the step that is being taken. */
  readonly step: () => number;
  /** Calls SQS, and keeps account of what it took. */
  readonly queue: (operation: string, input: object) => unknown;
}

/** What the functions of one execution environment call, each call through the one point. */
export function clientsOf(parts: Parts, life: Life): Clients {
  const { world, through, invariants, step, queue } = parts;
  const ec2 = sending(ec2Client, async (name, input, signal) => {
    const reading = currentReading();
    const acting = {
      life,
      reading,
      listed: new Map(reading?.last),
      described: new Map(reading?.enis),
      shown: shownTo(life),
      control: knownTo(life),
      entries: new Map(entriesOf(world, eniIn(input) ?? '')),
      wrote: reading?.wrote.get(eniIn(input) ?? ''),
      sentAt: world.clock.now(),
    };
    const answer = await through(
      life,
      { service: 'ec2', name, eniId: eniIn(input), signal },
      (view) => {
        const answered = invariants.act(acting, () => world.ec2.call(name, input, view));
        described(reading, answered, step());
        return answered;
      },
    );
    arrived(life, answer);
    return answer;
  });
  return {
    ec2,
    ec2Once: ec2,
    sqs: sending(sqsClient, (name, input, signal) =>
      through(life, { service: 'sqs', name, signal }, () => queue(name, input)),
    ),
    readSettings: (name) =>
      asking(life, name, () =>
        through(life, { service: 'ssm', name: 'GetParameter' }, (_view, garbled) =>
          garbled && isControl(name) ? GARBLED : world.parameters.get(name),
        ),
      ),
    async kubernetesOf({ name }) {
      beginReading(name, step());
      return kubernetesOf(parts, life, name);
    },
  };
}

function kubernetesOf(
  { world, rooms, through, step }: Parts,
  life: Life,
  name: string,
): Kubernetes {
  const cluster = world.clusters.get(name);
  if (cluster === undefined) throw new Error(`there is no cluster ${name}`);
  const reading = currentReading();
  const kubernetes = virtualKubernetes(
    cluster.api,
    (call, effect, { node, signal }) =>
      through(life, { service: 'kubernetes', name: call, signal }, (view) => {
        const back = view.kind === 'versions' ? view.back : 0;
        const answer = rooms.saying(reading, () => effect(back));
        if (call === 'listPods' && reading !== undefined) listed(reading, node, step());
        return answer;
      }),
    () => String(step()),
  );
  return {
    ...kubernetes,
    async readLedger(eniId, signal) {
      const answer = await kubernetes.readLedger(eniId, signal);
      readLedger(reading, eniId, answer.kind === 'ledger');
      return answer;
    },
    async writeLedger(ledger, signature, signal) {
      const answer = await kubernetes.writeLedger(ledger, signature, signal);
      if (answer.kind === 'conflict') return answer;
      const { eniId } = ledger;
      const wrote = answer.kind === 'written' ? new Map(entriesOf(world, eniId)) : undefined;
      wroteLedger(reading, life, eniId, wrote);
      return answer;
    },
  };
}

type Send = (name: string, input: object, signal: AbortSignal | undefined) => Promise<unknown>;

/** A client of the AWS SDK whose commands go to `send` with their input, as they are. */
function sending<C extends { send: (...args: never[]) => unknown }>(
  client: C,
  send: Send,
): Pick<C, 'send'> {
  return {
    send: new Proxy(client.send, {
      apply(_target, _self, args: unknown[]) {
        const [command, options] = args;
        const { name, input } = commandOf(command);
        return send(name, input, signalOf(options));
      },
    }),
  };
}

function commandOf(command: unknown): { readonly name: string; readonly input: object } {
  if (typeof command === 'object' && command !== null && 'input' in command) {
    const { input } = command;
    const name = command.constructor.name.replace(/Command$/, '');
    if (typeof input === 'object' && input !== null) return { name, input };
  }
  throw new Error('what was sent is no command of the SDK');
}

function eniIn(input: object): string | undefined {
  const id = 'NetworkInterfaceId' in input ? input.NetworkInterfaceId : undefined;
  return typeof id === 'string' ? id : undefined;
}

function signalOf(options: unknown): AbortSignal | undefined {
  if (typeof options !== 'object' || options === null || !('abortSignal' in options)) return;
  const { abortSignal } = options;
  return abortSignal instanceof AbortSignal ? abortSignal : undefined;
}
