/** What makes this browser the same member as another device: its code, good once, and the name. */
export interface Transfer {
  code: string
  name: string
}

/** It stands behind the `#`, where no server and no log sees it. */
export function transferAddress(address: string, { code, name }: Transfer): string {
  return `${address}#${new URLSearchParams({ transfer: code, name })}`
}

export function readTransfer(hash: string): Transfer | undefined {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const code = given.get('transfer')
  const name = given.get('name')?.trim()
  return code && name ? { code, name } : undefined
}

/** Takes the code out of the address, so that it is in no history and not sent on with a copied link. */
export function takeTransfer(): Transfer | undefined {
  const found = readTransfer(location.hash)
  if (found) history.replaceState(history.state, '', location.pathname + location.search)
  return found
}
