import { useMemo } from 'react'
import { encode } from 'uqr'

interface QrCodeProps {
  text: string
  label: string
  size: number
  className?: string
}

/** An address for a camera. Always dark on light: cameras do not read the other way round. */
export function QrCode({ text, label, size, className = '' }: QrCodeProps) {
  const { path, side } = useMemo(() => {
    const code = encode(text, { ecc: 'M', border: 2 })
    const cells = code.data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : [])))
    return { path: cells.join(''), side: code.size }
  }, [text])
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${side} ${side}`}
      width={size}
      height={size}
      className={`rounded-[14px] bg-white shadow-soft forced-color-adjust-none ${className}`}
      shapeRendering="crispEdges"
    >
      <path d={path} fill="#211c16" />
    </svg>
  )
}
