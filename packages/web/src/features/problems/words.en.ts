export const problems = {}

export type ProblemsWords = typeof problems
