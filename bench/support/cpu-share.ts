import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const CGROUPS = '/sys/fs/cgroup';
/** How often a share is given anew, microseconds. */
const PERIOD_US = 20_000;

/** What a function of 512 MiB has of a core (AWS Lambda Developer Guide, "Configure Lambda function memory"). */
export const FUNCTION_SHARE = 0.29;

/** A share of one core, for the processes that are started within it. */
export interface CpuShare {
  /**
   * The share of one core; `undefined` if the machine gives no share. Then the process takes what there is.
   */
  readonly share: number | undefined;
  /** The command line that runs `command` within it. */
  within(command: readonly string[]): readonly [string, ...string[]];
  /** Once its processes have ended. */
  end(): void;
}

/** All that the machine has. */
export const UNBOUNDED: CpuShare = {
  share: undefined,
  within: ([first = '', ...rest]) => [first, ...rest],
  end() {},
};

/**
 * A control group with a quota, as Lambda bounds a function
 * (https://docs.kernel.org/scheduler/sched-bwc.html). Only root may make one.
 *
 * @param name names it on this machine.
 */
export function cpuShare(name: string, share: number): CpuShare {
  const group = join(existsSync(join(CGROUPS, 'cpu')) ? join(CGROUPS, 'cpu') : CGROUPS, name);
  const quota = Math.round(share * PERIOD_US);
  try {
    mkdirSync(group, { recursive: true });
    if (existsSync(join(group, 'cpu.cfs_quota_us'))) {
      writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_US));
      writeFileSync(join(group, 'cpu.cfs_quota_us'), String(quota));
    } else writeFileSync(join(group, 'cpu.max'), `${quota} ${PERIOD_US}`);
  } catch {
    remove(group);
    return UNBOUNDED;
  }
  const enter = `echo $$ > ${join(group, 'cgroup.procs')} && exec "$@"`;
  return {
    share,
    within: (command) => ['/bin/sh', '-c', enter, 'sh', ...command],
    end: () => remove(group),
  };
}

function remove(group: string): void {
  try {
    rmdirSync(group);
  } catch {}
}
