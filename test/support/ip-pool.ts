/** An IPPool as whereabouts writes it: by the distance from the range's address. */
export function ipPool(range: string, allocations: Readonly<Record<string, string>>) {
  const ofPods = Object.entries(allocations).map(([offset, name]) => [
    offset,
    { id: 'container', podref: `default/${name}`, ifname: 'net1' },
  ]);
  const name = range.replaceAll(/[/:]/g, '-');
  return {
    metadata: { namespace: 'kube-system', name },
    spec: { range, allocations: Object.fromEntries(ofPods) },
  };
}
