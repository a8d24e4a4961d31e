import { focusInside } from './regions.ts'

/** The first stops of Tab, seen only while they have the focus: straight to the parts of the page. */
export function SkipLinks({ links }: { links: { to: string; text: string }[] }) {
  return (
    <div className="fixed start-2 top-2 z-50 flex gap-2">
      {links.map(({ to, text }) => (
        <a
          key={to}
          href={`#${to}`}
          className="sr-only rounded-button bg-ink px-4 py-2.5 font-semibold text-paper focus:not-sr-only focus:px-4 focus:py-2.5"
          onClick={(event) => {
            event.preventDefault()
            focusInside(document.getElementById(to))
          }}
        >
          {text}
        </a>
      ))}
    </div>
  )
}
