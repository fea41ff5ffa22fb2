import type { Objects } from './objects.ts';

/** What containers have written. Nothing here runs a container: tests and stand-ins write for them. */
export interface PodLogs {
  /** Adds a line to the log of a pod, which is known by its uid. */
  write(uid: string, line: string): void;
  /**
   * Answers `GET …/pods/<name>/log`; with `follow` until the pod is gone.
   *
   * @throws StatusError 404 if there is no such pod.
   */
  read(ref: { readonly namespace: string; readonly name: string }, follow: boolean): Response;
}

export function createPodLogs(objects: Objects, onChange: (told: () => void) => void): PodLogs {
  const lines = new Map<string, string[]>();
  const readers = new Set<() => void>();
  const look = (): void => {
    for (const reader of readers) reader();
  };
  onChange(look);
  return {
    write(uid, line) {
      lines.set(uid, [...(lines.get(uid) ?? []), line]);
      look();
    },
    read(ref, follow) {
      const { uid } = objects.get('pods', ref).metadata;
      const type = { headers: { 'content-type': 'text/plain' } };
      const text = (from: number) => (lines.get(uid) ?? []).slice(from).map((line) => `${line}\n`);
      if (!follow) return new Response(text(0).join(''), type);
      let sent = 0;
      let reader: () => void = () => undefined;
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          reader = () => {
            for (const line of text(sent)) controller.enqueue(Buffer.from(line));
            sent = lines.get(uid)?.length ?? 0;
            if (objects.find('pods', ref)?.metadata.uid === uid) return;
            readers.delete(reader);
            controller.close();
          };
          readers.add(reader);
          reader();
        },
        cancel: () => void readers.delete(reader),
      });
      return new Response(body, type);
    },
  };
}
