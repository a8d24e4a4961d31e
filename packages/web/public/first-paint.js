// Puts the saved theme and the language on the root before anything is painted. A file of its own because the page's
// policy allows no inline script, and not a module because a module would run after the first paint.
try {
  const theme = localStorage.getItem('maru.theme')
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme
  const language = localStorage.getItem('maru.language') || navigator.language
  document.documentElement.lang = language.startsWith('ko') ? 'ko' : 'en'
} catch {
  // Storage can be forbidden; the page then follows the system.
}
