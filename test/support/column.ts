import type { Capability, Stage, StageOptions } from './stage.ts';

/** The parts that the scenarios run on. */
export interface Column {
  /** What it is not capable of, and why. */
  readonly lacks: Readonly<Partial<Record<Capability, string>>>;
  start(options: StageOptions): Promise<Stage>;
}

const COLUMNS = {
  embedded: async () => (await import('./embedded.ts')).embedded,
  'kube-apiserver': async () => (await import('../e2e/columns/kube-apiserver.ts')).kubeApiserver,
  'kube-apiserver+moto': async () => (await import('../e2e/columns/moto.ts')).kubeApiserverAndMoto,
};

/** @throws Error where no column has that name. */
export async function columnNamed(name: string): Promise<Column> {
  const load = Object.entries(COLUMNS).find(([each]) => each === name)?.[1];
  if (load === undefined) {
    throw new Error(`COLUMN=${name}: the columns are ${Object.keys(COLUMNS).join(', ')}`);
  }
  return load();
}
