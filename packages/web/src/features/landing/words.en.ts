export const landing = {}

export type LandingWords = typeof landing
