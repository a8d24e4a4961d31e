import ChevronDown from 'lucide-react/icons/chevron-down'
import type { SelectHTMLAttributes } from 'react'
import { classNames } from './class-names.ts'

interface SelectProps extends SelectHTMLAttributes<HTMLSelectElement> {
  boxClassName?: string
}

/** The platform's own choice from a list, with an arrow that keeps its distance from the edge. */
export function Select({ boxClassName, className, children, ...rest }: SelectProps) {
  return (
    <span className={classNames('relative block min-w-0', boxClassName)}>
      <select
        {...rest}
        className={classNames('w-full appearance-none truncate bg-raised ps-3.5 pe-9 text-base text-ink', className)}
      >
        {children}
      </select>
      <ChevronDown
        size={18}
        aria-hidden="true"
        className="pointer-events-none absolute end-3 top-1/2 -translate-y-1/2 text-soft"
      />
    </span>
  )
}
