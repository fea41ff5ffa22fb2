import { readFile } from 'node:fs/promises';
import { PROBE_PORT, type ProbeOrder, type ProbeReport, probeOrder } from '../../shared/probe.ts';
import { readJson } from '../../shared/text/read.ts';
import { type Clock, sleep } from '../../shared/time/clock.ts';
import { type EchoSeen, keepEchoing } from '../probe/echo.ts';
import { type InterfaceFacts, interfaceFactsOf, leavesBy } from '../probe/interface-facts.ts';
import { keepPinging } from '../probe/ping.ts';

const LOOK_MS = 100;
/** It reports at least this often. */
const REPORT_MS = 1_000;
/** Routes are asked for at each tenth look: that takes processes. */
const ROUTES_EVERY = 10;

export interface PodProbeOptions {
  /** Where the order is, once there is one. */
  readonly order: string;
  /** iproute2's `ip`. */
  readonly ipCommand: string;
  readonly clock: Clock;
  readonly say: (line: string) => void;
}

/**
 * What `multus-eni probe` runs in its pods: follows the order in a file, and says what it sees in one
 * line of JSON each time. It needs no capability, and no service account.
 *
 * @throws the signal's reason.
 */
export async function probe(options: PodProbeOptions, signal: AbortSignal): Promise<never> {
  let known = '';
  let ending = new AbortController();
  let running: Promise<unknown> = Promise.resolve();
  try {
    for (;;) {
      const text = await readFile(options.order, 'utf8').catch(() => '');
      const order = text === known || text === '' ? undefined : readJson(text, probeOrder);
      if (order?.ok) {
        ending.abort();
        await running;
        ending = new AbortController();
        running = obey(order.value, options, AbortSignal.any([signal, ending.signal]));
        known = text;
      }
      await sleep(options.clock, LOOK_MS, signal);
    }
  } finally {
    ending.abort();
    await running;
  }
}

interface Seen extends EchoSeen {
  gatewayAnswered: number;
  pinged: number;
  pingTrouble?: string;
}

/** Tries what the order says, until the next. */
async function obey(
  order: ProbeOrder,
  options: PodProbeOptions,
  signal: AbortSignal,
): Promise<void> {
  const { run, address, gateway, peer } = order;
  const { clock } = options;
  const seen: Seen = { answered: 0, received: 0, gatewayAnswered: 0, pinged: 0 };
  let facts: InterfaceFacts | undefined;
  const pinging = (to: string | undefined, answered: () => void) =>
    to === undefined
      ? Promise.resolve()
      : keepPinging(
          {
            clock,
            from: address,
            to,
            answered,
            trouble: (said) => {
              seen.pingTrouble = said;
            },
          },
          signal,
        );
  const mtu = () => facts?.link?.mtu;
  const reporting = async (): Promise<void> => {
    const dropsBefore = (await interfaceFactsOf(order.interface)).reversePath.dropped;
    const told = teller(options);
    let leaves: ProbeReport['leaves'] = {};
    for (let looks = 0; !signal.aborted; looks += 1) {
      facts = await interfaceFactsOf(order.interface);
      if (looks % ROUTES_EVERY === 0) leaves = await leavesBy(options.ipCommand, order);
      told(reportOf(order, seen, { ...facts, leaves, dropsBefore }));
      await sleep(clock, LOOK_MS, signal).catch(() => undefined);
    }
  };
  await Promise.all([
    keepEchoing({ clock, run, address, port: PROBE_PORT, peer, mtu, seen }, signal),
    pinging(gateway, () => {
      seen.gatewayAnswered += 1;
    }),
    pinging(peer, () => {
      seen.pinged += 1;
    }),
    reporting(),
  ]);
}

function reportOf(
  { run }: ProbeOrder,
  seen: Seen,
  facts: InterfaceFacts & Pick<ProbeReport, 'leaves'> & { readonly dropsBefore: number },
): ProbeReport {
  const { answered, received, pinged, longest, trouble = seen.pingTrouble } = seen;
  const { dropsBefore, reversePath, ...rest } = facts;
  return {
    run,
    ...rest,
    reversePath: { ...reversePath, dropped: reversePath.dropped - dropsBefore },
    gateway: { answered: seen.gatewayAnswered },
    peer: { answered, received, pinged },
    ...(longest && { longest: { ...longest } }),
    ...(trouble !== undefined && { trouble }),
  };
}

/** Says at once what is new, and within a second what has only grown. */
function teller({ clock, say }: PodProbeOptions): (report: ProbeReport) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  let known = '';
  return (report) => {
    const what = JSON.stringify(report, (_, value) =>
      typeof value === 'number' ? value > 0 : value,
    );
    if (what === known && clock.now() - saidAt < REPORT_MS) return;
    known = what;
    saidAt = clock.now();
    say(JSON.stringify(report));
  };
}
