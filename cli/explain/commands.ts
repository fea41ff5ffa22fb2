import { type Address, parseAddress } from '../../shared/address.ts';
import type { Pod } from '../../shared/cluster/kubernetes.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import { EXIT } from '../exit-code.ts';
import { BadInput } from '../failure.ts';
import type { Output } from '../output.ts';
import { partly } from '../view/partial.ts';
import { printPolicy } from '../view/policy.ts';
import { isWrong, rowsOf } from '../view/rows.ts';
import { blocksOf, eniName, podName, roomOf } from '../view/text.ts';
import { type NodeView, readView, type View } from '../view/view.ts';
import { COLUMNS, labelled, wrap } from '../wrap.ts';
import { explainAddress } from './address.ts';
import { placeOf } from './claim.ts';
import { explainPod } from './pod.ts';
import { printConclusion, printDerivation, printLines } from './print.ts';
import { withoutLimits, withRoom } from './with-room.ts';

/**
 * Why a pod has its addresses, or has them not.
 *
 * @param asked `namespace/name`, or a name in the namespace `default`.
 * @returns the exit code: 0 if it has all that it claims, 4 if it has not.
 * @throws BadInput if there is no such pod; Failed if something cannot be read.
 */
export async function explainPodCommand(look: Look, asked: string, output: Output) {
  const [namespace, name] = podOf(asked);
  let object: unknown;
  look.api.onPod((each) => {
    if (isCalled(each, namespace, name)) object = each;
  });
  const first = await viewOf({ ...look, access: withoutLimits(look.access) }, output);
  const pod = first.allPods.find((each) => each.namespace === namespace && each.name === name);
  if (pod === undefined) throw new BadInput(noSuchPod(first, namespace, name));
  const outlined = explainPod(first, pod, object);
  const view = (await withRoom(look.access, first, outlined)) ?? first;
  const explanation = view === first ? outlined : explainPod(view, pod, object);
  const fine = explanation.claims.every(({ conclusion }) => conclusion.fine);
  output.result({ cluster: view.cluster, ...explanation, ...common(look, view) });
  printPolicy(output, look);
  for (const line of explanation.about) print(output, line);
  output.line('');
  if (explanation.lines.length > 0) printLines(output, explanation.lines);
  for (const claim of explanation.claims) printDerivation(output, claim.address, claim);
  print(output, explanation.told);
  return partly(fine ? EXIT.ok : EXIT.found, view.missing, output);
}

/** Who has an address, who claims it, and whose it is to release. Returns and throws as the others. */
export async function explainIpCommand(look: Look, text: string, output: Output) {
  const address = parseAddress(text);
  if (address === undefined) throw new BadInput(`${text} is no address, such as 172.16.1.70`);
  const view = await viewOf(look, output);
  const explanation = explainAddress(view, address, await elsewhere(look, view, address));
  const { conclusion } = explanation;
  output.result({ cluster: view.cluster, ...explanation, ...common(look, view) });
  printPolicy(output, look);
  print(output, address);
  printLines(output, explanation.lines);
  printConclusion(output, conclusion);
  for (const claim of explanation.claims) {
    output.line('');
    printDerivation(output, `claimed by ${claim.pod} on node ${claim.node}`, claim);
  }
  return partly(conclusion.fine ? EXIT.ok : EXIT.found, view.missing, output);
}

/** What is on an ENI, and how much room there is. */
export async function explainEniCommand(look: Look, id: string, output: Output) {
  const view = await viewOf(look, output);
  const eni = view.allEnis.find((each) => each.id === id);
  if (eni === undefined) {
    throw new BadInput(
      `no Node of ${view.cluster} has the ENI ${id}: check the id, --cluster and --region`,
    );
  }
  const owner = [...view.nodes].find(([, { state }]) => state.instanceId === eni.instanceId);
  const rows = owner ? rowsOf(...owner).filter(({ eniId }) => eniId === id) : [];
  output.result({
    cluster: view.cluster,
    eni: forScripts(eni),
    addresses: rows,
    ...common(look, view),
  });
  printPolicy(output, look);
  print(output, `${eniName(eni)} of ${placeOf(view, eni)}`);
  printEni(output, eni, owner?.[1]);
  printRows(output, rows);
  return partly(rows.some(isWrong) ? EXIT.found : EXIT.ok, view.missing, output);
}

/** A node's ENIs, what is on them, and what its reconcile would do. */
export async function explainNodeCommand(look: Look, name: string, output: Output) {
  const view = await viewOf(look, output);
  const node = view.nodes.get(name);
  if (node === undefined) throw new BadInput(noSuchNode(view, name));
  const { state, drift } = node;
  const rows = rowsOf(name, node);
  output.result({
    cluster: view.cluster,
    node: name,
    instanceId: state.instanceId,
    enis: state.enis.map(forScripts),
    addresses: rows,
    toReconcile: drift.toReconcile,
    ...common(look, view),
  });
  const pods = state.pods.filter(({ claims }) => claims.length > 0).length;
  printPolicy(output, look);
  print(output, `${name} (${state.instanceId}): ${pods} pods claim addresses`);
  for (const eni of state.enis) {
    output.line('');
    print(output, eniName(eni));
    printEni(output, eni, node);
    printRows(
      output,
      rows.filter(({ eniId }) => eniId === eni.id),
    );
  }
  const others = rows.filter(({ eniId }) => eniId === undefined);
  if (others.length > 0) {
    output.line('');
    print(output, 'claimed, and on no ENI of the node');
    printRows(output, others);
  }
  output.line('');
  const text = drift.toReconcile
    ? 'a reconcile would change something: the ENIs, or what a pod is told.'
    : 'a reconcile would change nothing.';
  printConclusion(output, { text, fine: !drift.toReconcile });
  return partly(rows.some(isWrong) ? EXIT.found : EXIT.ok, view.missing, output);
}

/** What every answer for scripts has. */
function common(look: Look, { missing }: View) {
  return { ...(missing.length > 0 && { missing }), calls: look.calls() };
}

function viewOf({ access }: Look, output: Output): Promise<View> {
  return unlessRefused(access.cluster, () => readView(access, output.progress));
}

/** One call for each VPC, where no ENI of the cluster has it. */
async function elsewhere({ access }: Look, view: View, address: Address): Promise<Eni[]> {
  const vpcs = [...new Set(view.allEnis.map(({ vpcId }) => vpcId))];
  if (vpcs.some((vpcId) => view.enis.having(vpcId, address).length > 0)) return [];
  const found = vpcs.map((vpcId) => access.ec2.inventory.withAddresses(vpcId, [address]));
  return (await unlessRefused(access.cluster, () => Promise.all(found))).flat();
}

function print(output: Output, text: string): void {
  for (const line of wrap(text, COLUMNS)) output.line(line);
}

function printEni(output: Output, eni: Eni, node: NodeView | undefined): void {
  const subnet = `${eni.subnetId} (${blocksOf(node?.state.subnets.get(eni.subnetId))})`;
  const managed = eni.managed ? 'managed' : 'not managed: left alone';
  for (const line of labelled('subnet', subnet, 2, 12)) output.line(line);
  for (const line of labelled('room', roomOf(eni, node?.state.limits), 2, 12)) output.line(line);
  for (const line of labelled('MAC', `${eni.mac}, ${managed}`, 2, 12)) output.line(line);
}

function printRows(output: Output, rows: ReturnType<typeof rowsOf>): void {
  const widest = Math.max(16, ...rows.map(({ address }) => address.length + 2));
  for (const row of rows) {
    const who = row.pod === undefined ? '' : `${row.pod}: `;
    const text = `${who}${row.kind ?? row.state}${row.state === 'assigned' ? '' : `: ${row.text}`}`;
    for (const line of labelled(row.address, text, 2, Math.min(widest, 42))) {
      output.line(line, isWrong(row) ? 'bad' : undefined);
    }
  }
}

function forScripts({ primary, secondary, prefixes: _, ...eni }: Eni) {
  return { ...eni, primary, secondary };
}

function podOf(asked: string): readonly [namespace: string, name: string] {
  const [first = '', second, ...more] = asked.split('/');
  if (more.length > 0 || first === '' || second === '') {
    throw new BadInput(`${asked} is no pod: give NAMESPACE/NAME`);
  }
  return second === undefined ? ['default', first] : [first, second];
}

function isCalled(object: unknown, namespace: string, name: string): boolean {
  if (typeof object !== 'object' || object === null || !('metadata' in object)) return false;
  const { metadata } = object;
  return (
    typeof metadata === 'object' &&
    metadata !== null &&
    Reflect.get(metadata, 'name') === name &&
    Reflect.get(metadata, 'namespace') === namespace
  );
}

function noSuchPod({ cluster, allPods }: View, namespace: string, name: string): string {
  const others = allPods.filter((pod: Pod) => pod.name === name).map(podName);
  const hint =
    others.length > 0 ? `there is ${others.slice(0, 3).join(', ')}` : 'see kubectl get pods -A';
  return `cluster ${cluster} has no pod ${namespace}/${name}: ${hint}`;
}

function noSuchNode({ cluster, allNodes, nodes }: View, name: string): string {
  const node = allNodes.find((each) => each.name === name);
  if (node === undefined) {
    const names = [...nodes.keys()].slice(0, 3).join(', ');
    return `cluster ${cluster} has no node ${name}${names === '' ? '' : `: it has ${names}${nodes.size > 3 ? ', …' : ''}`}`;
  }
  if (node.outsideEc2) return `node ${name} is no EC2 instance: there is nothing to assign`;
  return `node ${name} has no ENIs and no pods of ours, or no instance of its own`;
}
