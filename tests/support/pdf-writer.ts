/** Text at a place of a page; points, from the lower left. */
export interface PdfText {
  text: string;
  x?: number;
  y: number;
  size?: number;
}

const escaped = (text: string): string => text.replace(/[\\()]/g, '\\$&');

/**
 * A small, valid PDF 1.4 with Helvetica text. `encrypted`: it claims to be encrypted with a password that nobody knows (the standard
 * security handler with arbitrary O and U, PDF 1.4 § 3.5).
 */
export function writePdf(
  pages: readonly (readonly PdfText[])[],
  o: { title?: string; encrypted?: boolean } = {},
): Buffer {
  const objects: string[] = [];
  const add = (body: string): number => objects.push(body);
  const font = 3;
  add('<< /Type /Catalog /Pages 2 0 R >>');
  const kids = pages.map((_, i) => `${font + 1 + 2 * i} 0 R`).join(' ');
  add(`<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`);
  add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>');
  for (const texts of pages) {
    const own = objects.length + 1;
    add(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F ${font} 0 R >> >> /Contents ${own + 1} 0 R >>`,
    );
    const stream = texts
      .map(({ text, x = 72, y, size = 11 }) => `BT /F ${size} Tf 1 0 0 1 ${x} ${y} Tm (${escaped(text)}) Tj ET`)
      .join('\n');
    add(`<< /Length ${Buffer.byteLength(stream, 'latin1')} >>\nstream\n${stream}\nendstream`);
  }
  const info = o.title === undefined ? '' : ` /Info ${add(`<< /Title (${escaped(o.title)}) >>`)} 0 R`;
  const key = '<'.concat('ab'.repeat(32), '>');
  const encrypt =
    o.encrypted === true
      ? ` /Encrypt ${add(`<< /Filter /Standard /V 1 /R 2 /O ${key} /U ${key} /P -4 >>`)} 0 R /ID [<00><00>]`
      : '';
  let file = '%PDF-1.4\n';
  const offsets = objects.map((body, i) => {
    const at = file.length;
    file += `${i + 1} 0 obj\n${body}\nendobj\n`;
    return at;
  });
  const start = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  for (const at of offsets) file += `${String(at).padStart(10, '0')} 00000 n \n`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R${info}${encrypt} >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(file, 'latin1');
}

/** Lines below each other, from the top. */
export function linesOf(texts: readonly string[], o: { top?: number; pitch?: number; size?: number } = {}): PdfText[] {
  const { top = 700, pitch = 14, size = 11 } = o;
  return texts.map((text, i) => ({ text, y: top - i * pitch, size }));
}
