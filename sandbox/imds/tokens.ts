import type { Clock } from '../../shared/time/clock.ts';

type Header = string | readonly string[] | undefined;

/** The session tokens of a metadata service. */
export interface Tokens {
  /** `undefined` if the asked time to live is none of 1 to 21,600 seconds. */
  issue(ttlSeconds: Header): string | undefined;
  isValid(token: Header): boolean;
}

const MAX_TTL_SECONDS = 21_600;

export function createTokens(clock: Clock, newToken: () => string): Tokens {
  const validUntil = new Map<string, number>();
  return {
    issue(header) {
      const seconds = typeof header === 'string' && /^\d+$/.test(header) ? Number(header) : 0;
      if (seconds < 1 || seconds > MAX_TTL_SECONDS) return undefined;
      const token = newToken();
      validUntil.set(token, clock.now() + seconds * 1000);
      return token;
    },
    isValid: (header) => typeof header === 'string' && (validUntil.get(header) ?? 0) > clock.now(),
  };
}
