/** The files of what was pasted or let fall, and whether folders, which cannot be sent, were among them. To be asked at once: later nothing is there any more. */
export function filesIn({ items, files }: Pick<DataTransfer, 'items' | 'files'>): {
  files: File[]
  hasFolder: boolean
} {
  const kinds = [...items].filter(({ kind }) => kind === 'file').map((item) => item.webkitGetAsEntry()?.isDirectory)
  return { files: [...files].filter((_, index) => !kinds[index]), hasFolder: kinds.includes(true) }
}

/** Offices and tables put a picture of a text beside the text: it is the text that is meant then. */
export function isText(data: Pick<DataTransfer, 'types'>): boolean {
  return data.types.includes('text/plain') && data.types.includes('text/html')
}
