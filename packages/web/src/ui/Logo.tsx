/** The boards of a wooden floor. */
export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 40 40" className="flex-none fill-wood" aria-hidden="true">
      <rect x="3" y="7" width="34" height="7" rx="2.5" />
      <rect x="3" y="17" width="20" height="7" rx="2.5" opacity=".75" />
      <rect x="25" y="17" width="12" height="7" rx="2.5" opacity=".95" />
      <rect x="3" y="27" width="10" height="7" rx="2.5" opacity=".9" />
      <rect x="15" y="27" width="22" height="7" rx="2.5" opacity=".7" />
    </svg>
  )
}
