import * as z from 'zod';

/** The extended resources that stand for room, as a Node's status has them. */
export interface AdvertisedRoom {
  readonly capacity: Readonly<Record<string, string>>;
  readonly allocatable: Readonly<Record<string, string>>;
}

/** A label of NetworkAttachmentDefinitions: `enabled` has Nodes advertise the room that the network has. */
export const ROOM_LABEL = 'multus-eni.dev/room';

/** What our extended resources begin with: what comes after it names a network. */
const PREFIX = 'multus-eni.dev/';

/**
 * The longest name after the prefix (Kubernetes API conventions, "qualified name"). A namespace has no
 * dot, so that no two networks have one name.
 */
const LONGEST_NAME = 63;

/**
 * The extended resource that stands for the room of a network.
 *
 * @param network `namespace/name`.
 * @returns `undefined` if the name is too long for one.
 */
export function resourceOf(network: string): string | undefined {
  const name = network.replace('/', '.');
  return name.length > LONGEST_NAME ? undefined : `${PREFIX}${name}`;
}

const amounts = z.record(z.string(), z.union([z.string(), z.number()]));
const statusOfNode = z.object({
  status: z.object({ capacity: amounts, allocatable: amounts }),
});

/** @returns `undefined` if the Node says nothing of its capacity yet. */
export function advertisedRoom(node: unknown): AdvertisedRoom | undefined {
  const read = statusOfNode.safeParse(node);
  if (!read.success) return undefined;
  const { capacity, allocatable } = read.data.status;
  return { capacity: ours(capacity), allocatable: ours(allocatable) };
}

function ours(list: z.output<typeof amounts>): Record<string, string> {
  const own = Object.entries(list).filter(([name]) => name.startsWith(PREFIX));
  return Object.fromEntries(own.map(([name, amount]) => [name, String(amount)]));
}

const container = z.object({
  restartPolicy: z.string().nullish(),
  resources: z.object({ requests: amounts.nullish() }).nullish(),
});

/** A pod's containers, as far as they say what it requests. What cannot be read requests nothing of ours. */
export const containers = z.array(container).nullish().catch(undefined);
type Containers = z.output<typeof containers>;

/**
 * What a pod requests of our resources, as the scheduler counts it: its containers together, or the
 * need while one of its init containers runs, if that is more
 * (https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers).
 *
 * @returns `undefined` if it requests none.
 */
export function requestedRoom(
  all: Containers,
  init: Containers,
): Readonly<Record<string, number>> | undefined {
  const every = [...(all ?? []), ...(init ?? [])];
  const names = new Set(every.flatMap((each) => Object.keys(ours(each.resources?.requests ?? {}))));
  if (names.size === 0) return undefined;
  return Object.fromEntries([...names].map((name) => [name, requestOf(name, all, init)]));
}

function requestOf(name: string, all: Containers, init: Containers): number {
  const of = ({ resources }: z.output<typeof container>): number =>
    quantity(String(resources?.requests?.[name] ?? 0));
  let sidecars = 0;
  let most = 0;
  for (const each of init ?? []) {
    most = Math.max(most, sidecars + of(each));
    if (each.restartPolicy === 'Always') sidecars += of(each);
  }
  const running = (all ?? []).reduce((sum, each) => sum + of(each), sidecars);
  return Math.max(most, running);
}

const SCALE: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/** A whole number, as the API server writes one: 1,000 is `1k`. */
function quantity(text: string): number {
  const [, digits = '0', unit = ''] = /^(\d+)([kMG]?)$/.exec(text) ?? [];
  return Number(digits) * (SCALE[unit] ?? 1);
}

/** One operation of a JSON patch (RFC 6902). */
export type PatchOperation =
  | { readonly op: 'test' | 'add'; readonly path: string; readonly value: string }
  | { readonly op: 'remove'; readonly path: string };

/**
 * The patch by which a Node tells how much room it has, in capacity and in allocatable: the kubelet
 * would copy the one to the other only seconds later. What the Node said is tested, so that nothing
 * newer is written over.
 *
 * @param room by resource.
 * @returns no operation if the Node says so already. Resources that are not ours are left alone.
 */
export function roomPatch(
  { capacity, allocatable }: AdvertisedRoom,
  room: ReadonlyMap<string, number>,
): PatchOperation[] {
  return [...listPatch('capacity', capacity, room), ...listPatch('allocatable', allocatable, room)];
}

function listPatch(
  list: string,
  said: Readonly<Record<string, string>>,
  room: ReadonlyMap<string, number>,
): PatchOperation[] {
  const names = [...new Set([...Object.keys(said), ...room.keys()])].toSorted();
  return names.flatMap((name): PatchOperation[] => {
    const path = `/status/${list}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const before = said[name];
    const amount = room.get(name);
    if (amount === undefined ? before === undefined : quantityText(amount) === before) return [];
    const change: PatchOperation =
      amount === undefined
        ? { op: 'remove', path }
        : { op: 'add', path, value: quantityText(amount) };
    return before === undefined ? [change] : [{ op: 'test', path, value: before }, change];
  });
}

/** As the API server writes it, so that the same amount is seen to be the same. */
function quantityText(amount: number): string {
  return amount > 0 && amount % 1_000 === 0 ? `${amount / 1_000}k` : String(amount);
}
