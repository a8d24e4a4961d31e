import { initialOf, personClass } from '../lib/person-colour.ts'
import { classNames } from './class-names.ts'

const sizes = {
  small: 'size-7 text-xs',
  medium: 'size-9 text-[0.9375rem]',
  large: 'size-24 text-[2.5rem]',
}

/** A person as a round of their colour with the first sign of their name. Says nothing to a screen reader: the name stands beside it. */
export function Avatar({ id, name, size = 'medium' }: { id: string; name: string; size?: keyof typeof sizes }) {
  return (
    <span
      aria-hidden="true"
      className={classNames(
        personClass(id),
        'grid flex-none select-none place-items-center rounded-full bg-person font-bold text-[#1d150c]',
        sizes[size],
      )}
    >
      {initialOf(name)}
    </span>
  )
}
