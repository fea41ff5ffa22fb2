import { createHash } from 'node:crypto';
import { consolePage } from '../../console/build.ts';
import type { MapData } from '../../console/data.ts';

/** The page, and the policy by which it loads nothing and runs nothing but its own script. */
export interface Page {
  readonly html: string;
  /** Of the header Content-Security-Policy. */
  readonly policy: string;
}

/** The page that asks its server for the data. */
export async function livePage(): Promise<Page> {
  const { html, style, script } = await consolePage();
  // frame-ancestors counts in a header alone (Content Security Policy Level 3, "frame-ancestors").
  const policy = `${policyOf(style, script)}; connect-src 'self'; frame-ancestors 'none'`;
  return {
    html: filled(html, { style: tag('style', style), script: tag('script', script) }),
    policy,
  };
}

/** A page with its data in it, as one file. */
export async function filePage(data: MapData): Promise<string> {
  const { html, style, script } = await consolePage();
  // No name in the data can end the element that it stands in.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policyOf(style, script)}">`;
  return filled(html, {
    head: meta,
    style: tag('style', style),
    data: `<script type="application/json" id="data">${json}</script>`,
    script: tag('script', script),
  });
}

function policyOf(style: string, script: string): string {
  const hash = (text: string): string =>
    `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    // Its icon, which is empty: else a browser asks for one.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function tag(name: 'style' | 'script', text: string): string {
  return `<${name}>${text}</${name}>`;
}

function filled(
  html: string,
  parts: Readonly<Partial<Record<'head' | 'style' | 'data' | 'script', string>>>,
): string {
  // One pass: what is filled in is not looked at again.
  return html.replace(
    /<!--(head|style|data|script)-->/g,
    (_, name: keyof typeof parts) => parts[name] ?? '',
  );
}
