/** A request that is answered with this status and text instead of what it asked. */
export class Denied extends Error {
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}
