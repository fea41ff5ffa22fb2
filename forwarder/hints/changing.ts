import type { Hint, PodIndex } from './pod-index.ts';

/** So many events of one pod are told at once: that it comes, its floating and its attached addresses, and one more. */
const AT_ONCE = 4;

/** An index that also notices which pods that live change what they claim, beyond what a start takes. */
export function withChanging<Index extends PodIndex>(index: Index): Index {
  /** How many events of a pod were told, by its uid. */
  const told = new Map<string, number>();
  const noted = (hint: Hint): Hint => {
    if (hint.pod === undefined) return hint;
    const { uid, namespace } = hint.pod;
    const times = (told.get(uid) ?? 0) + 1;
    told.set(uid, Math.min(times, AT_ONCE));
    return times > AT_ONCE ? { ...hint, changing: namespace } : hint;
  };
  return {
    ...index,
    put(pod) {
      const ends = pod.terminating || pod.finished;
      return index
        .put(pod)
        .map((hint) => (hint.pod?.uid === pod.uid && !ends ? noted(hint) : hint));
    },
    remove(pod) {
      told.delete(pod.uid);
      return index.remove(pod);
    },
    retain(uids) {
      for (const uid of told.keys()) if (!uids.has(uid)) told.delete(uid);
      return index.retain(uids);
    },
  };
}
