/*
 * What the map's page is given: plain values, so that they go as JSON to a page that is served, and into
 * a file. The program makes them (cli/map/data.ts), the page shows them (console/page).
 */

/** What an address is. Of several at one place the first of these is shown. */
export const STATES = [
  'conflict',
  'missing',
  'problem',
  'leaked',
  'on-its-way',
  'foreign',
  'assigned',
  'primary',
] as const;
export type State = (typeof STATES)[number];

/** What is not as it should be, or may not be. */
export const WRONG: readonly State[] = ['conflict', 'missing', 'problem', 'leaked', 'foreign'];

export interface MapAddress {
  readonly address: string;
  readonly state: State;
  /** Where it is or is to be; absent if a claim has no ENI. */
  readonly eni?: string;
  /** `namespace/name` of the pod that claims it. */
  readonly pod?: string;
  readonly interface?: string;
  /** `namespace/name` of the NetworkAttachmentDefinition. */
  readonly network?: string;
  /** When the claim began, milliseconds since the epoch. */
  readonly since?: number;
  readonly text: string;
}

export interface MapEni {
  readonly id: string;
  /** `eth1`, or empty. */
  readonly device: string;
  readonly subnet: string;
  readonly mac: string;
  readonly managed: boolean;
  /** How many addresses of either family it has, and may have; primary ones and prefixes count. */
  readonly ipv4: Room;
  readonly ipv6: Room;
}

export interface Room {
  readonly used: number;
  /** Absent if the instance type is not known. */
  readonly limit?: number;
}

export interface MapNode {
  readonly name: string;
  readonly instance: string;
  readonly enis: readonly MapEni[];
  readonly addresses: readonly MapAddress[];
  /** Pods of which something is wrong that no address stands for, such as an annotation that cannot be read. */
  readonly troubles: readonly MapTrouble[];
  /** How many addresses are left out, where a pod claims more than anybody looks at. */
  readonly more: number;
}

export interface MapTrouble {
  /** `namespace/name`. */
  readonly pod: string;
  readonly text: string;
}

export interface MapSubnet {
  readonly id: string;
  /** CIDR blocks. */
  readonly blocks: readonly string[];
}

/** One cluster, as it was read. */
export interface MapData {
  readonly cluster: string;
  /** Milliseconds since the epoch. */
  readonly readAt: number;
  readonly nodes: readonly MapNode[];
  /** Those in which a managed ENI is. */
  readonly subnets: readonly MapSubnet[];
  /** What could not be read, and why. */
  readonly missing: readonly string[];
}

/** What became of it since: nodes that are new or another, and those that are gone. */
export interface MapChange extends Omit<MapData, 'cluster'> {
  readonly gone: readonly string[];
}
