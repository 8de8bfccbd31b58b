/** The value of one sample in the text that `/metrics` answers; undefined where there is none. Labels may come in any order. */
export function sampleOf(text: string, name: string, labels: Record<string, string> = {}): number | undefined {
  for (const line of text.split('\n')) {
    const [, found, inside = '', value] = /^([\w:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (found !== name) continue;
    const has = Object.fromEntries(
      [...inside.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', text]) => [label, text]),
    );
    if (Object.entries(labels).every(([label, text]) => has[label] === text)) return Number(value);
  }
  return undefined;
}
