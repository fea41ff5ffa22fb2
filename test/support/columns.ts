import type { Column } from './stage.ts';

const COLUMNS = {
  embedded: async () => (await import('./embedded.ts')).embedded,
  'kube-apiserver': async () => (await import('../e2e/columns/kube-apiserver.ts')).kubeApiserver,
  'kube-apiserver+moto': async () => (await import('../e2e/columns/moto.ts')).kubeApiserverAndMoto,
};

/** The names of all columns, in the order in which they are shown. */
export const COLUMN_NAMES: readonly string[] = Object.keys(COLUMNS);

/** @throws Error if no column has that name. */
export async function columnNamed(name: string): Promise<Column> {
  const load = Object.entries(COLUMNS).find(([each]) => each === name)?.[1];
  if (load === undefined) {
    throw new Error(`COLUMN=${name}: the columns are ${COLUMN_NAMES.join(', ')}`);
  }
  return load();
}
