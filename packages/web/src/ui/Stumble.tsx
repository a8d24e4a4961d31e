import { Component, type ReactNode } from 'react'

/** Shows something else where a part of the page failed, instead of nothing at all. */
export class Stumble extends Component<{ children: ReactNode; instead: ReactNode }, { failed: boolean }> {
  override state = { failed: false }

  static getDerivedStateFromError() {
    return { failed: true }
  }

  override componentDidCatch(error: unknown) {
    console.error(error)
  }

  override render() {
    return this.state.failed ? this.props.instead : this.props.children
  }
}
