import { common, createLowlight } from 'lowlight'
import type { ReactNode } from 'react'

type Root = ReturnType<typeof lowlight.highlight>
type Node = Root['children'][number]

const lowlight = createLowlight(common)

/** Code as elements with the classes of its parts; as it is where the language is not known. */
export function colourCode(text: string, language: string): ReactNode {
  const name = language.toLowerCase()
  if (!lowlight.registered(name)) return text
  return lowlight.highlight(name, text).children.map(show)
}

function show(node: Node, index: number): ReactNode {
  if (node.type === 'text') return node.value
  if (node.type !== 'element') return null
  const names = node.properties.className
  return (
    <span key={index} className={Array.isArray(names) ? names.join(' ') : undefined}>
      {node.children.map((child, at) => show(child as Node, at))}
    </span>
  )
}
