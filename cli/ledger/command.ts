import { type Address, parseAddress } from '../../shared/address.ts';
import type { Entries, Entry } from '../../shared/cluster/ledgers.ts';
import type { Eni } from '../../shared/enis/eni.ts';
import { perhapsTheWorkersOwn } from '../../shared/enis/eni-facts.ts';
import { podOf, wanting } from '../../shared/plan/verdict.ts';
import type { Clock } from '../../shared/time/clock.ts';
import { type Look, unlessRefused } from '../access/access.ts';
import { EXIT } from '../exit-code.ts';
import { BadInput } from '../failure.ts';
import type { Output } from '../output.ts';
import { instant, podName } from '../view/text.ts';
import { type NodeView, readView, type View } from '../view/view.ts';
import { COLUMNS, wrap } from '../wrap.ts';
import { type Change, changeLedger, type Skipped, writableLedgers } from './write.ts';

/** What an operator asks for. */
export interface LedgerChoice {
  readonly eni?: string;
  readonly addresses?: readonly string[];
  /** Instead of addresses: what no pod claims and no ledger has. */
  readonly unclaimed?: boolean;
  /** Of these only what a NetworkAttachmentDefinition gives out. */
  readonly ranges?: boolean;
  readonly yes?: boolean;
}

/** The addresses of one ENI that are asked for. */
interface Asked {
  readonly eniId: string;
  readonly addresses: readonly Address[];
}

interface Around {
  readonly clock: Clock;
}

/** More addresses than this are written only with `--yes`. */
const FEW = 5;
/** An entry that is not `Assigned` is being worked on for this long (docs/design.md, rule L9). */
const SETTLED_MS = 2 * 60_000;

/**
 * Makes addresses ours: writes entries without a pod, so that each is released if no pod claims it.
 *
 * @returns the exit code: 3 if nothing was to be written.
 * @throws BadInput if the arguments, or what they name, are wrong, and for many addresses without `--yes`;
 *   Failed if something cannot be read or written.
 */
export async function adoptCommand(
  look: Look,
  choice: LedgerChoice,
  { clock }: Around,
  output: Output,
): Promise<number> {
  checkAdoption(choice);
  const { access } = look;
  const view = await unlessRefused(access.cluster, () => readView(access, output.progress));
  const asked = choice.unclaimed ? foreignIn(view, choice.eni) : [askedIn(choice)];
  const wanted = asked.map((each) => ({ ...each, ...placeOf(view, each.eniId) }));
  const risky = wanted.some(({ addresses, eni }) => mayBeTheWorkers(eni, addresses));
  const hard = isMany(asked) || risky || choice.unclaimed === true;
  ask(output, 'adopt', asked, { ...choice, hard });
  const ledgers = writableLedgers(look, clock);
  const done: Done[] = [];
  for (const { addresses, eni, eniId, instanceId, name, node } of wanted) {
    const decide = (entries: Entries): Change => adoption(node, eni, addresses, entries, clock);
    const place = { eniId, node: name, instanceId };
    const change = await changeLedger(look, ledgers, place, 'multus-eni ledger adopt', decide);
    done.push({ eniId, change, texts: [...change.changes.keys()].map(afterAdoption(node, name)) });
  }
  return tell('adopted', done, output);
}

/**
 * Hands off: takes entries out of a ledger, so that nobody releases these addresses.
 *
 * @returns and throws as `adoptCommand`.
 */
export async function dropCommand(
  look: Look,
  choice: LedgerChoice,
  { clock }: Around,
  output: Output,
): Promise<number> {
  const { access } = look;
  const asked = askedIn(choice);
  ask(output, 'drop', [asked], { ...choice, hard: isMany([asked]) });
  const view = await unlessRefused(access.cluster, () => readView(access, output.progress));
  const { eniId, addresses } = asked;
  const owner = ownerOf(view, eniId);
  const place = { eniId, ...(owner && { node: owner[0], instanceId: owner[1].state.instanceId }) };
  const decide = (entries: Entries): Change => dropping(addresses, entries, clock);
  const ledgers = writableLedgers(look, clock);
  const change = await changeLedger(look, ledgers, place, 'multus-eni ledger drop', decide);
  const texts = [...change.changes.keys()].map(afterDropping(owner?.[1]));
  return tell('dropped', [{ eniId, change, texts }], output);
}

function checkAdoption({ addresses = [], eni, ranges, unclaimed }: LedgerChoice): void {
  if (unclaimed !== ranges) {
    throw new BadInput(
      '--unclaimed and --ranges belong together; other addresses are named one by one',
    );
  }
  if (unclaimed && addresses.length > 0) {
    throw new BadInput('give addresses, or --unclaimed --ranges');
  }
  if (!unclaimed && (eni === undefined || addresses.length === 0)) {
    throw new BadInput('give an ENI and its addresses, or --unclaimed --ranges');
  }
}

/** The addresses that are named. */
function askedIn({ addresses = [], eni = '' }: LedgerChoice): Asked {
  if (!/^eni-[0-9a-f]+$/.test(eni))
    throw new BadInput(`${eni} is no ENI, such as eni-0123456789abcdef0`);
  const parsed = addresses.map((text) => {
    const address = parseAddress(text);
    if (address === undefined) throw new BadInput(`${text} is no address, such as 172.16.1.70`);
    return address;
  });
  return { eniId: eni, addresses: [...new Set(parsed)] };
}

/** What lies in a definition's range, is claimed by nobody and in no ledger; never a worker's own. */
function foreignIn(view: View, only: string | undefined): Asked[] {
  const foreign = [...view.nodes.values()].flatMap(({ drift, state }) =>
    wanting(drift.verdicts, 'foreign').filter(({ address, eniId }) => {
      const eni = state.enis.find(({ id }) => id === eniId);
      return state.ranges.includes(address) && !mayBeTheWorkers(eni, [address]);
    }),
  );
  return [...Map.groupBy(foreign, ({ eniId }) => eniId)]
    .filter(([eniId]) => only === undefined || eniId === only)
    .map(([eniId, each]) => ({ eniId, addresses: each.map(({ address }) => address) }));
}

function mayBeTheWorkers(eni: Eni | undefined, addresses: readonly Address[]): boolean {
  const own = eni && perhapsTheWorkersOwn(eni);
  return own !== undefined && addresses.includes(own);
}

function isMany(asked: readonly Asked[]): boolean {
  return asked.reduce((sum, { addresses }) => sum + addresses.length, 0) > FEW;
}

/** @throws BadInput if somebody has to say that this is meant. */
function ask(
  output: Output,
  what: 'adopt' | 'drop',
  asked: readonly Asked[],
  { hard, yes }: { readonly hard: boolean; readonly yes?: boolean },
): void {
  if (!hard || yes || asked.length === 0) return;
  output.table(
    ['ENI', 'ADDRESS'],
    asked.flatMap(({ eniId, addresses }) => addresses.map((each) => [eniId, each])),
  );
  output.result({ would: what, asked });
  const many = asked.reduce((sum, { addresses }) => sum + addresses.length, 0);
  const addresses = many === 1 ? '1 address' : `${many} addresses`;
  const follows =
    what === 'adopt'
      ? 'Each is released if no pod claims it. '
      : 'Nobody releases them from then on. ';
  throw new BadInput(`${addresses} to ${what}, and nothing is written yet. ${follows}Give --yes`);
}

function ownerOf(view: View, eniId: string): readonly [string, NodeView] | undefined {
  return [...view.nodes].find(([, { state }]) => state.enis.some(({ id }) => id === eniId));
}

/** @throws BadInput if the cluster has no such ENI, or does not manage it. */
function placeOf(view: View, eniId: string) {
  const owner = ownerOf(view, eniId);
  const eni = owner?.[1].state.enis.find(({ id }) => id === eniId);
  if (owner === undefined || eni === undefined) {
    throw new BadInput(
      `no Node of ${view.cluster} has the ENI ${eniId}: check the id, --cluster and --region`,
    );
  }
  if (!eni.managed)
    throw new BadInput(`${eniId} is not managed: nothing on this ENI is ever released`);
  const [name, node] = owner;
  return { eni, name, node, instanceId: node.state.instanceId };
}

/** What adopting writes: nothing for what is not there, or may not be ours. */
function adoption(
  { state }: NodeView,
  eni: Eni,
  addresses: readonly Address[],
  entries: Entries,
  clock: Clock,
): Change {
  const why = (address: Address): string | undefined => {
    if (entries.has(address)) return 'the ledger has it already';
    if (eni.primary.includes(address)) return 'it is a primary address, and is never released';
    if (!eni.secondary.includes(address)) return 'EC2 does not show it on this ENI';
    if (!state.ranges.allows(address)) {
      return 'it is outside the ranges that are configured, and is never released';
    }
    return undefined;
  };
  const entry: Entry = { state: 'assigned', at: clock.now() };
  return split(addresses, why, () => entry);
}

/** What dropping takes out: nothing that a function may be working on. */
function dropping(addresses: readonly Address[], entries: Entries, clock: Clock): Change {
  const why = (address: Address): string | undefined => {
    const entry = entries.get(address);
    if (entry === undefined) return 'the ledger does not have it';
    if (entry.state === 'assigned' || entry.at + SETTLED_MS < clock.now()) return undefined;
    return `it is ${entry.state} since ${instant(entry.at)}: try again in two minutes`;
  };
  return split(addresses, why, () => undefined);
}

function split(
  addresses: readonly Address[],
  why: (address: Address) => string | undefined,
  entry: () => Entry | undefined,
): Change {
  const skipped: Skipped[] = [];
  const changes = new Map<Address, Entry | undefined>();
  for (const address of addresses) {
    const reason = why(address);
    if (reason === undefined) changes.set(address, entry());
    else skipped.push({ address, why: reason });
  }
  return { changes, skipped };
}

/** The pods that claim an address on a node. */
function claimantsOf(node: NodeView | undefined, address: Address): string {
  const pods = (node?.drift.verdicts ?? [])
    .filter((verdict) => verdict.address === address)
    .flatMap((verdict) => podOf(verdict) ?? []);
  return [...new Set(pods.map(podName))].join(', ');
}

function afterAdoption(node: NodeView, name: string): (address: Address) => string {
  return (address) => {
    const pods = claimantsOf(node, address);
    return pods === ''
      ? `${address}: no pod claims it, so the next look at node ${name} releases it`
      : `${address}: claimed by ${pods}; it is released when no pod claims it any more`;
  };
}

function afterDropping(node: NodeView | undefined): (address: Address) => string {
  return (address) => {
    const pods = claimantsOf(node, address);
    return pods === ''
      ? `${address}: nobody releases it, and no pod gets it, until it is adopted or unassigned`
      : `${address}: claimed by ${pods}, so the next look adopts it again; end the claim first`;
  };
}

interface Done {
  readonly eniId: string;
  readonly change: Change;
  readonly texts: readonly string[];
}

function tell(verb: 'adopted' | 'dropped', done: readonly Done[], output: Output): number {
  output.result({
    enis: done.map(({ change, eniId }) => ({
      eni: eniId,
      [verb]: [...change.changes.keys()],
      skipped: change.skipped,
    })),
  });
  let written = 0;
  for (const { change, eniId, texts } of done) {
    written += change.changes.size;
    for (const text of texts) say(output, `${verb} on ${eniId}: ${text}`);
    for (const { address, why } of change.skipped) say(output, `not ${verb}: ${address}: ${why}`);
  }
  if (written === 0) {
    output.line('nothing was written');
    return EXIT.nothing;
  }
  if (verb === 'adopted') {
    say(output, 'The next sweep looks at every node; multus-eni replay resync does so at once.');
  }
  return EXIT.ok;
}

function say(output: Output, text: string): void {
  for (const line of wrap(text, COLUMNS)) output.line(line);
}
