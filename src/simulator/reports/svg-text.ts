/** A text in a picture. */
export function textAt(x: number, y: number, className: string, text: string): string {
  return `<text class="${className}" x="${round(x)}" y="${round(y)}">${escapeXml(text)}</text>`
}

/** As text, or as an attribute in double quotes. */
export function escapeXml(text: string): string {
  const visible = text.replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd')
  return visible.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** A place, to a tenth of a pixel. */
export function round(place: number): number {
  return Math.round(place * 10) / 10
}
