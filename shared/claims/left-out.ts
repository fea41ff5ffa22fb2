import { IGNORE, MIRROR } from '../cluster/annotations.ts';
import type { Pod } from '../cluster/kubernetes.ts';

/**
 * Whether a pod claims nothing whatever its annotations say: it is to be ignored, or stands for a static
 * pod. A kubelet may make any number of those, in every namespace, and name what it likes in them.
 */
export function isLeftOut({ annotations }: Pick<Pod, 'annotations'>): boolean {
  return annotations[IGNORE] === 'true' || annotations[MIRROR] !== undefined;
}
