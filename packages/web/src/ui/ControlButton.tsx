import type { LucideIcon } from 'lucide-react'
import type { ButtonHTMLAttributes, Ref } from 'react'
import { classNames } from './class-names.ts'

interface ControlButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: LucideIcon
  /** The word under the icon and the fixed name of the button; its state is `pressed`. */
  label: string
  pressed?: boolean
  /** `live`: the microphone is open. `leave`: apart and red. */
  tone?: 'plain' | 'live' | 'off' | 'leave'
  /** At the icon: what is seen, and what it means for those who hear it. */
  badge?: { text: string; label: string } | undefined
  ref?: Ref<HTMLButtonElement>
}

const tones = {
  plain: 'text-soft hover:text-ink hover:bg-ink/6 aria-pressed:text-ink aria-expanded:text-ink',
  live: 'text-pine bg-pine-tint hover:brightness-97',
  off: 'text-clay-ink bg-clay-tint hover:brightness-97',
  leave: 'bg-clay text-white hover:brightness-95',
}

/** One control of the bar: an icon with its word under it. */
export function ControlButton(props: ControlButtonProps) {
  const { icon: Icon, label, pressed, tone = 'plain', badge, className, type = 'button', ...rest } = props
  return (
    <button
      {...rest}
      type={type}
      aria-pressed={pressed}
      className={classNames(
        'relative inline-flex h-14 w-17 flex-col items-center justify-center gap-0.5 rounded-[14px] text-xs font-medium transition',
        tones[tone],
        className,
      )}
    >
      <Icon size={22} aria-hidden="true" />
      <span>{label}</span>
      {badge && (
        <>
          <b className="absolute top-1 right-3 min-w-4.5 rounded-full bg-wood px-1 text-center text-[0.6875rem]/4.5 font-bold text-wood-ink tabular-nums">
            <span aria-hidden="true">{badge.text}</span>
          </b>
          <span className="sr-only">{`, ${badge.label}`}</span>
        </>
      )}
    </button>
  )
}
