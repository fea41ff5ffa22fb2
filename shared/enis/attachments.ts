/** An attachment of an ENI, as a read showed it. */
export interface EniAttachment {
  readonly instanceId: string;
  /** When it began, ms since the epoch. */
  readonly at: number;
  /** It is coming to its end, or has come to it. */
  readonly leaving: boolean;
}

/** The newest attachment of each ENI that any read has shown, whichever came last. */
export interface EniAttachments {
  saw(eniId: string, attachment: EniAttachment): void;
  newestOf(eniId: string): EniAttachment | undefined;
}

/** More than an account's Region has ENIs of workers; those seen last are remembered. */
const MOST = 20_000;

/**
 * Remembers attachments, since EC2's reads lag behind: one that shows an old attachment may come after
 * one that showed the new one (EC2 API Reference, "Eventual consistency").
 */
export function rememberedAttachments(): EniAttachments {
  const known = new Map<string, EniAttachment>();
  return {
    saw(eniId, seen) {
      const before = known.get(eniId);
      known.delete(eniId);
      known.set(eniId, before === undefined ? seen : newer(before, seen));
      if (known.size <= MOST) return;
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    },
    newestOf: (eniId) => known.get(eniId),
  };
}

function newer(before: EniAttachment, seen: EniAttachment): EniAttachment {
  if (before.at !== seen.at) return before.at > seen.at ? before : seen;
  // What has ended once stays ended.
  return { ...seen, leaving: before.leaving || seen.leaving };
}
