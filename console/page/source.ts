import type { MapChange, MapData } from '../data.ts';

/** Who is told what comes. */
export interface Listener {
  /** All of it: at first, and after the connection was lost. */
  whole(data: MapData): void;
  change(change: MapChange): void;
  /** It was read again; `trouble` says why it could not be. */
  heard(trouble?: string): void;
  lost(): void;
}

/**
 * The data in the page's own file, or those that its server sends (server-sent events).
 *
 * @returns whether more will come. Both are written by the program that made this page.
 */
export function listen(listener: Listener): boolean {
  const text = document.getElementById('data')?.textContent;
  if (text) {
    const data: MapData = JSON.parse(text);
    listener.whole(data);
    return false;
  }
  const source = new EventSource('events');
  const on = <T>(name: string, take: (value: T) => void): void =>
    source.addEventListener(name, ({ data }: MessageEvent<string>) => {
      const value: T = JSON.parse(data);
      take(value);
    });
  on<MapData>('whole', (data) => listener.whole(data));
  on<MapChange>('change', (change) => listener.change(change));
  on<{ trouble?: string }>('heard', ({ trouble }) => listener.heard(trouble));
  source.addEventListener('error', () => listener.lost());
  return true;
}
