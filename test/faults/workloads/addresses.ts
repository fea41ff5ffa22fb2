/** Gives out the lowest address that is free, as whereabouts does. */
export function lowestFree(prefix: string, first: number) {
  const taken = new Set<number>();
  return {
    take(): string {
      let host = first;
      while (taken.has(host)) host += 1;
      taken.add(host);
      return `${prefix}${host}`;
    },
    free(address: string): void {
      taken.delete(Number(address.slice(prefix.length)));
    },
  };
}
