import { render } from 'preact'
import { App } from './app.tsx'
import './style.css'
import { prepareAnnouncements } from './ui/announce.ts'

const root = document.getElementById('root')
if (root) render(<App />, root)
prepareAnnouncements()
// The letters come after the first picture: the system's own serve until then.
requestAnimationFrame(() => setTimeout(() => void import('./fonts.css')))
