/** The clipboard is for secure pages; elsewhere, and where it is refused, the old way by a selection still works. The focus stays where it is. */
export async function copyText(text: string): Promise<void> {
  const isDone = await navigator.clipboard?.writeText(text).then(
    () => true,
    () => false,
  )
  if (isDone) return
  const focused = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  ;(document.querySelector('dialog:modal') ?? document.body).append(field)
  field.select()
  const copied = document.execCommand('copy')
  field.remove()
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true })
  if (!copied) throw new Error('The browser did not copy.')
}
