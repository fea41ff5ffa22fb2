import { type AddressRange, fromInteger } from '../../../../shared/address.ts';
import { parseNetwork } from '../../../../shared/claims/net-attach-def.ts';

type Annotations = Readonly<Record<string, string>>;

export function definition(config?: unknown, annotations: Annotations = {}) {
  const text = typeof config === 'string' ? config : JSON.stringify(config);
  return {
    namespace: 'default',
    name: 'ipvlan-conf-1',
    uid: 'n1',
    ...(config === undefined ? {} : { config: text }),
    annotations,
  };
}

export function parsed(config?: unknown, annotations?: Annotations) {
  const result = parseNetwork(definition(config, annotations));
  if (!result.ok) throw new Error(result.unreadable.detail);
  return result.network;
}

export function problem(config: unknown, annotations?: Annotations): string {
  const result = parseNetwork(definition(config, annotations));
  return result.ok ? 'no problem' : result.unreadable.detail;
}

export function texts(ranges: readonly AddressRange[]): string[] {
  return ranges.map(({ family, first, last }) =>
    [first, last].map((end) => fromInteger(end, family)).join('-'),
  );
}
