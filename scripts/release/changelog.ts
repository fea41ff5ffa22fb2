/** What CHANGELOG.md says of one version. */
export interface Section {
  /** The day of the release, `2026-01-31`. */
  readonly date: string;
  /** Markdown, without the heading. */
  readonly text: string;
}

const HEADING = /^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$/gm;

/**
 * Reads a changelog in the form of Keep a Changelog (https://keepachangelog.com/en/1.1.0/).
 *
 * @returns the released versions with their sections, the newest first.
 */
export function releasesIn(changelog: string): ReadonlyMap<string, Section> {
  const headings = [...changelog.matchAll(HEADING)];
  const releases = new Map<string, Section>();
  for (const [index, heading] of headings.entries()) {
    const [line, version = '', date] = heading;
    if (date === undefined) continue;
    const text = changelog.slice(heading.index + line.length, headings[index + 1]?.index);
    releases.set(version, { date, text: text.trim() });
  }
  return releases;
}
