/** One entry of the annotation `network-status`, fields in the order in which Multus writes them. */
export interface NetworkStatus {
  readonly name: string;
  readonly interface: string;
  readonly ips?: readonly string[] | undefined;
  readonly mac?: string | undefined;
  readonly default?: true;
  readonly dns: Record<string, never>;
}

/** The annotation's text as network-attachment-definition-client formats it. */
export function formatNetworkStatus(entries: readonly NetworkStatus[]): string {
  return `[${entries.map((entry) => JSON.stringify(entry, null, 4)).join(',')}]`;
}
