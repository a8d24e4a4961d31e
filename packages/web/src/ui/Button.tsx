import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react'
import { classNames } from './class-names.ts'

type Look = 'go' | 'plain' | 'quiet' | 'danger'

const looks: Record<Look, string> = {
  go: 'bg-wood text-wood-ink font-bold hover:bg-wood-deep active:translate-y-px',
  plain: 'bg-surface text-ink border border-line font-semibold hover:border-line-strong',
  quiet: 'text-soft font-semibold hover:text-ink hover:bg-ink/6',
  danger: 'bg-clay text-white font-bold hover:brightness-95 active:translate-y-px',
}

const sizes = {
  large: 'min-h-13.5 px-7 rounded-go text-[1.0625rem]',
  medium: 'min-h-11 px-4.5 rounded-button',
  small: 'min-h-10 px-3.5 rounded-button text-sm pointer-coarse:min-h-11',
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look
  ref?: Ref<HTMLButtonElement>
  size?: keyof typeof sizes
  children: ReactNode
}

/** A button that says what happens. `go` is the one thing to do on a page. */
export function Button({ look = 'plain', size = 'medium', className, type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      className={classNames(
        'inline-flex items-center justify-center gap-2 transition disabled:opacity-50 disabled:pointer-events-none',
        looks[look],
        sizes[size],
        className,
      )}
    />
  )
}
