import * as z from 'zod';

/*
 * What `multus-eni probe` and its two pods say to each other. The command writes an order into an
 * annotation of each pod. The pod reads the order from a volume and reports in its log.
 */

/** By this label a run finds what an earlier one left; its value is the run. */
export const PROBE_LABEL = 'multus-eni.dev/probe';
export const PROBE_NAME = 'multus-eni-probe';
/** The pod's order, as JSON. */
export const ORDER_ANNOTATION = 'multus-eni.dev/probe-order';
/** Where the pod reads it. */
export const ORDER_FILE = '/etc/multus-eni-probe/order';
/** The UDP port that the pods answer at. */
export const PROBE_PORT = 20_177;

const address = z.string().min(2).max(45);

/** What a pod is to try. What is not known yet is absent. */
export const probeOrder = z.object({
  run: z.string().min(1).max(32),
  /** The interface inside the pod, such as `net1`. */
  interface: z.string().min(1).max(15),
  /** The pod's own address there. */
  address,
  gateway: address.optional(),
  /** The other pod's address. */
  peer: address.optional(),
});
export type ProbeOrder = z.infer<typeof probeOrder>;

const number = z.number().nonnegative();

/** What a pod has seen so far, one line of its log. Numbers count from the order on. */
export const probeReport = z.object({
  run: z.string(),
  /** Of the interface; absent if there is none of that name. */
  link: z.object({ up: z.boolean(), state: z.string(), mtu: number }).optional(),
  /** What the kernel goes by on the interface (0: off, 1: strict, 2: loose), and what it dropped so. */
  reversePath: z.object({ mode: number, dropped: number }),
  /** Addresses that another host of the link had already (RFC 4862, 5.4). */
  duplicates: z.array(z.string()),
  /** By which device packets leave; absent if no route leads there. */
  leaves: z.object({
    gateway: z.string().optional(),
    peer: z.string().optional(),
    /** For whoever is in another subnet. */
    beyond: z.string().optional(),
  }),
  gateway: z.object({ answered: number }),
  peer: z.object({
    /** Answers of the other pod, and to ping. */
    answered: number,
    pinged: number,
    /** Requests of the other pod. */
    received: number,
  }),
  /** The longest packet that came to the other pod, in bytes, of those up to the interface's MTU. */
  longest: z.object({ tried: number, passed: number, done: z.boolean() }).optional(),
  /** Why something could not be tried. */
  trouble: z.string().optional(),
});
export type ProbeReport = z.infer<typeof probeReport>;
