const ORIENTATION_TAG = 0x0112;
const SHORT = 3;

/**
 * Orientation (1 to 8) of an EXIF block, which begins with its TIFF header (EXIF 2.3, 4.6.4; CIPA DC-008). 1 when there is none or the
 * block makes no sense: a broken note is no reason to refuse a picture.
 */
export function exifOrientation(block: Uint8Array): number {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  try {
    const order = view.getUint16(0);
    if (order !== 0x4949 && order !== 0x4d4d) return 1;
    const little = order === 0x4949;
    const directory = view.getUint32(4, little);
    const entries = view.getUint16(directory, little);
    for (let i = 0; i < entries; i++) {
      const at = directory + 2 + 12 * i;
      if (view.getUint16(at, little) !== ORIENTATION_TAG) continue;
      const value = view.getUint16(at + 8, little);
      return view.getUint16(at + 2, little) === SHORT && value >= 1 && value <= 8 ? value : 1;
    }
  } catch {
    // Offsets that point outside the block.
  }
  return 1;
}
