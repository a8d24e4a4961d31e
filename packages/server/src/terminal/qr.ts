/** Draws a QR code for a terminal. The colours are set, so that it is black on white whatever the theme. */
export async function qrDrawer(): Promise<(url: string) => string> {
  const { renderUnicodeCompact } = await import('uqr')
  return (url) =>
    renderUnicodeCompact(url, { border: 2 })
      .split('\n')
      .map((line) => `\x1b[97;40m${line}\x1b[0m`)
      .join('\n')
}
