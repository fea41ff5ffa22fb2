/** The version in an image's tag, such as `1.23.1` of `…/amazon-k8s-cni:v1.23.1-eksbuild.1`. */
export function versionOf(image: string): string | undefined {
  const name = image.slice(image.lastIndexOf('/') + 1);
  return /^[^:]*:v?(\d+\.\d+\.\d+)(?:$|[-+.@])/.exec(name)?.[1];
}

/** Whether a version of three numbers comes before another. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number));
  for (let part = 0; part < 3; part += 1) {
    const [one, other] = [a?.[part] ?? 0, b?.[part] ?? 0];
    if (one !== other) return one < other;
  }
  return false;
}
