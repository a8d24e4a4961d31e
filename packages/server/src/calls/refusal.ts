export type RefusalCode = 'notFound' | 'notAllowed' | 'invalid' | 'full' | 'unavailable' | 'failedPrecondition'

/** A request that the rules of a call do not allow; the text is for whoever asked. */
export class CallRefusal extends Error {
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string) {
    super(message)
    this.code = code
  }
}
