/** A page that names the files, for a browser; nothing on it runs or is loaded. */
export function indexPage(
  title: string,
  files: ReadonlyMap<string, string>,
  about: string,
): string {
  const rows = [...files].map(([name, text]) => {
    const shown = escaped(name);
    return `<tr><td><a href="${shown}">${shown}</a></td><td>${text.length}</td></tr>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>body { font: 16px sans-serif; margin: 2em } td { padding-right: 2em }</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<pre>${escaped(about)}</pre>
<table><thead><tr><th>file</th><th>characters</th></tr></thead><tbody>
${rows.join('\n')}
</tbody></table>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
