import type { Node } from './kubernetes.ts';
import {
  type NodeMetadata,
  nodeMetadataFromObject,
  nodeOf,
  providerIdFromObject,
} from './nodes.ts';

/** Up to this many Nodes are read one by one. If more are not known, all are listed whole. */
const FEW_NODES = 20;

/** How Nodes are read: each list whole and consistent, or an exception. */
export interface NodeReads {
  /** All Nodes, of their whole objects. */
  whole(): Promise<readonly NodeRead[]>;
  /** The metadata of all Nodes. */
  metadata(): Promise<readonly NodeMetadata[]>;
  /** One Node object; `undefined` if no Node has that name. */
  one(name: string): Promise<unknown>;
}

/** What is kept of a whole Node object. */
export interface NodeRead extends NodeMetadata {
  /** Empty if the Node had none when it was read. */
  readonly providerId: string;
}

/**
 * Lists Nodes by their metadata, a third of a Node or less. The metadata does not say which instance a
 * Node names, so that is remembered. As long as there is a Node of that uid, its `spec.providerID`
 * stays the same, once it has one (k8s.io/kubernetes pkg/apis/core/validation/validation.go,
 * ValidateNodeUpdate: "node updates may not change providerID except from "" to valid").
 *
 * @returns lists all Nodes as they were after the call began; one that is read by itself may be newer.
 *   It is to be called by one at a time. It throws what the reads throw, and MalformedObjectError.
 */
export function rememberingNodeList(reads: NodeReads): () => Promise<Node[]> {
  let known: ReadonlyMap<string, NodeRead> = new Map();
  const remember = (nodes: readonly NodeRead[]): Node[] => {
    known = new Map(nodes.map((node) => [node.uid, node]));
    return nodes.map(({ providerId, ...metadata }) => nodeOf(metadata, providerId));
  };
  const listWhole = async (): Promise<Node[]> => remember(await reads.whole());

  return async () => {
    if (known.size === 0) return listWhole();
    const listed = await reads.metadata();
    const unknown = listed.filter((node) => !isKnown(node, known));
    if (unknown.length > FEW_NODES) return listWhole();
    const found = await Promise.all(unknown.map(({ name }) => reads.one(name)));
    const read = found.filter((object) => object !== undefined).map(nodeReadFromObject);
    const kept = listed.flatMap((node) => {
      const before = known.get(node.uid);
      return before !== undefined && isKnown(node, known)
        ? [{ ...node, providerId: before.providerId }]
        : [];
    });
    return remember([...kept, ...read]);
  };
}

/** A Node that named nothing may name an instance by now, unless it is the very same object. */
function isKnown(
  { uid, resourceVersion }: NodeMetadata,
  known: ReadonlyMap<string, NodeRead>,
): boolean {
  const before = known.get(uid);
  if (before === undefined) return false;
  const isSame = resourceVersion !== undefined && resourceVersion === before.resourceVersion;
  return before.providerId !== '' || isSame;
}

/** @throws MalformedObjectError */
export function nodeReadFromObject(object: unknown): NodeRead {
  return { ...nodeMetadataFromObject(object), providerId: providerIdFromObject(object) };
}
