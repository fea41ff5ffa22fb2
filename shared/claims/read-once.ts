/** A pod's annotations, as far as they are kept. */
type PodAnnotations = Readonly<Record<string, string>>;

type Reading<Of extends readonly string[], T> = (annotations: PodAnnotations, ...of: Of) => T;

/**
 * Reads something of each pod's annotations once, for as long as the pod is kept. A look asks several times,
 * and annotations have up to 256 KiB. So what `read` gives should be no larger than they are.
 *
 * @param read may be told more of the pod, such as its namespace.
 */
export function readOnce<Of extends readonly string[], T>(read: Reading<Of, T>): Reading<Of, T> {
  const known = new WeakMap<PodAnnotations, { readonly of: string; readonly value: T }>();
  return (annotations, ...more) => {
    const of = more.join('\n');
    const before = known.get(annotations);
    if (before?.of === of) return before.value;
    const value = read(annotations, ...more);
    known.set(annotations, { of, value });
    return value;
  };
}
