import { type InputHTMLAttributes, type ReactNode, type Ref, useId } from 'react'
import { classNames } from './class-names.ts'

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string
  /** Shown under the field and read with it. */
  hint?: ReactNode
  error?: string | undefined
  hideLabel?: boolean
  boxClassName?: string
  ref?: Ref<HTMLInputElement>
}

/** A one-line field with its label, hint and error tied together. Never under 16 px, so that phones do not zoom in. */
export function Field({ label, hint, error, hideLabel, className, boxClassName, ...rest }: FieldProps) {
  const id = useId()
  const below = error ?? hint
  return (
    <div className={boxClassName}>
      <label htmlFor={id} className={hideLabel ? 'sr-only' : 'mb-1.5 block text-sm font-semibold'}>
        {label}
      </label>
      <input
        {...rest}
        id={id}
        aria-invalid={error ? true : undefined}
        aria-describedby={below ? `${id}-below` : undefined}
        className={classNames(
          'h-13 w-full rounded-[14px] border-[1.5px] border-line-strong/70 bg-raised px-4 text-[1.0625rem] text-ink transition outline-none placeholder:text-faint focus:border-wood focus:ring-4 focus:ring-wood-tint aria-invalid:border-clay',
          className,
        )}
      />
      {below && (
        <p
          id={`${id}-below`}
          className={classNames('mt-1.5 text-sm', error ? 'text-clay-ink font-medium' : 'text-soft')}
        >
          {below}
        </p>
      )}
    </div>
  )
}
