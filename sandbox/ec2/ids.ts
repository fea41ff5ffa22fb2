import { createHash } from 'node:crypto';

export interface IdMaker {
  /** An id in EC2's long form (`eni-0`, then 16 hexadecimal digits). */
  next(prefix: string): string;
  /** A unicast, locally administered MAC address, as EC2 gives to ENIs. */
  mac(): string;
}

/** Ids that look random and are the same in every run, so that a failed test can be compared. */
export function idMaker(): IdMaker {
  let count = 0;
  const digits = (kind: string): string => {
    count += 1;
    return createHash('sha256').update(`${kind}/${count}`).digest('hex');
  };
  return {
    next: (prefix) => `${prefix}-0${digits(prefix).slice(0, 16)}`,
    mac: () => `02:${(digits('mac').slice(0, 10).match(/../g) ?? []).join(':')}`,
  };
}
