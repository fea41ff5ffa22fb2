const MAX_LENGTH = 500;

/**
 * Text from outside for a log line, an Event or a condition: on one line, and cut after 500 characters.
 * It has no characters that steer a terminal or turn the direction of reading. It is well-formed
 * Unicode, so an API server gives it back as it was written.
 */
export function oneLine(text: string): string {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
  return cut.toWellFormed().replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ');
}
