import { type ZipAttributes, zipSync } from 'fflate';

/** The earliest time that a zip can hold; it has no time zone, so this is local time. */
const EPOCH = new Date(1980, 0, 1);
const UNIX = 3;
const READABLE_FILE = 0o100644;

/**
 * Writes a zip that depends on nothing but its entries, so that the same code gives
 * the same artifact and is not deployed again.
 */
export function zip(entries: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const attributes: ZipAttributes = { mtime: EPOCH, os: UNIX, attrs: READABLE_FILE << 16 };
  return zipSync(
    Object.fromEntries(
      Object.entries(entries)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([path, content]) => [path, [content, attributes]]),
    ),
    { level: 9 },
  );
}
