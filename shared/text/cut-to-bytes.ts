/** The longest beginning of a text that fits, as UTF-8, and ends in a whole character. */
export function cutToBytes(text: string, maxBytes: number): string {
  const bytes = new TextEncoder().encode(text).subarray(0, maxBytes);
  // What is left of a cut character is kept for a next part, which does not come.
  return new TextDecoder().decode(bytes, { stream: true });
}
