import type { LucideIcon } from 'lucide-react'
import type { ButtonHTMLAttributes, Ref } from 'react'
import { classNames } from './class-names.ts'

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: LucideIcon
  /** The name, read out and shown as a hint. */
  label: string
  ref?: Ref<HTMLButtonElement>
}

/** A round of 40 px (44 on touch) with an icon alone; for headers. In the bar every icon has its word: `ControlButton`. */
export function IconButton({ icon: Icon, label, className, type = 'button', ...rest }: IconButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      aria-label={label}
      title={label}
      className={classNames(
        'inline-flex size-10 flex-none items-center justify-center rounded-button text-soft transition hover:bg-ink/7 hover:text-ink pointer-coarse:size-11',
        className,
      )}
    >
      <Icon size={20} aria-hidden="true" />
    </button>
  )
}
