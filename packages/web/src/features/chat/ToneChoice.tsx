import { useRef } from 'react'
import { classNames } from '../../ui/class-names.ts'
import { useRoving } from '../../ui/roving.ts'
import { useMoreWords } from './more-words.ts'

const hands = ['✋', '✋🏻', '✋🏼', '✋🏽', '✋🏾', '✋🏿']

/** Which colour people and hands of the picker have; one stop for Tab. */
export function ToneChoice({ tone, onTone }: { tone: number; onTone: (tone: number) => void }) {
  const words = useMoreWords()
  const box = useRef<HTMLDivElement>(null)
  const roving = useRoving(box, { items: '[role=radio]', axis: 'both', onMove: (hand) => hand.click() })
  return (
    <div
      ref={box}
      role="radiogroup"
      aria-label={words.skinTone}
      className="mt-1 flex justify-end border-t border-line pt-1"
      onKeyDown={roving.onKeyDown}
    >
      {hands.map((hand, index) => (
        // biome-ignore lint/a11y/useSemanticElements: a button with a picture is what is pressed here.
        <button
          key={hand}
          type="button"
          role="radio"
          aria-checked={index === tone}
          aria-label={words.skinTones[index]}
          title={words.skinTones[index]}
          tabIndex={index === tone ? 0 : -1}
          className={classNames(
            'grid size-8 place-items-center rounded-[9px] font-emoji text-base pointer-coarse:size-10',
            index === tone ? 'bg-wood-tint' : 'opacity-75 hover:bg-ink/6 hover:opacity-100',
          )}
          onClick={() => onTone(index)}
        >
          {hand}
        </button>
      ))}
    </div>
  )
}
