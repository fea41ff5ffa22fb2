/** A value of an answer: lists become `<item>` elements, absent values nothing. */
export type Xml =
  | string
  | number
  | boolean
  | undefined
  | readonly Xml[]
  | { readonly [name: string]: Xml };

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

export function encodeAnswer(action: string, requestId: string, answer: Xml): string {
  const fields = encode({ requestId }) + encode(answer);
  return `${DECLARATION}<${action}Response xmlns="${NAMESPACE}">${fields}</${action}Response>`;
}

export function encodeError(code: string, message: string, requestId: string): string {
  const errors = { Errors: { Error: { Code: code, Message: message } }, RequestID: requestId };
  return DECLARATION + encode({ Response: errors });
}

function encode(value: Xml): string {
  if (value === undefined) return '';
  if (typeof value !== 'object') return escapeText(String(value));
  if (isList(value)) return value.map((item) => element('item', item)).join('');
  return Object.entries(value)
    .filter(([, child]) => child !== undefined)
    .map(([name, child]) => element(name, child))
    .join('');
}

function element(name: string, value: Xml): string {
  return `<${name}>${encode(value)}</${name}>`;
}

function isList(value: Xml): value is readonly Xml[] {
  return Array.isArray(value);
}

function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character)
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}');
}
