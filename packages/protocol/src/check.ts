import * as v from 'valibot'
import type { Problem } from './errors.ts'

/** A value that has come from outside, as the schema says it is, or what is wrong with it. */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  value: Record<string, unknown>,
): { value: v.InferOutput<Schema> } | { problem: Problem } {
  const result = v.safeParse(schema, value)
  if (result.success) return { value: result.output }
  const [issue] = result.issues
  const field = v.getDotPath(issue)
  const name = field ?? 'type'
  // Only the expected kind is told, never the received value: it may be long or secret.
  const isThere = name in value || issue.input !== undefined
  const message = isThere ? `"${name}" has to be ${issue.expected ?? 'valid'}.` : `"${name}" is missing.`
  return { problem: { code: 'bad_frame', field: name, message } }
}

/** A text as the JSON object it is; undefined where it is none. */
export function parseRecord(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
