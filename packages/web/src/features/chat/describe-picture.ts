import type { FileInfo } from '@maru/protocol'
import { rgbaToThumbHash } from 'thumbhash'

/** Largest side that the placeholder is made from, in px; its maker takes no more. */
const SIDE = 100

/** Size and placeholder of a picture, made here so that the server never has to open it. Nothing of a file that is no picture. */
export async function describePicture(file: File): Promise<Partial<Pick<FileInfo, 'width' | 'height' | 'blur'>>> {
  if (!file.type.startsWith('image/')) return {}
  try {
    const picture = await createImageBitmap(file)
    const { width, height } = picture
    const scale = Math.min(1, SIDE / Math.max(width, height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(width * scale))
    canvas.height = Math.max(1, Math.round(height * scale))
    const context = canvas.getContext('2d')
    context?.drawImage(picture, 0, 0, canvas.width, canvas.height)
    picture.close()
    const pixels = context?.getImageData(0, 0, canvas.width, canvas.height).data
    if (!pixels) return { width, height }
    const hash = rgbaToThumbHash(canvas.width, canvas.height, pixels)
    return { width, height, blur: btoa(String.fromCharCode(...hash)) }
  } catch {
    return {}
  }
}
