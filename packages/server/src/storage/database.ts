/** What the tables need of a database, and nothing of which one it is: each dialect has a file of its own. */
import type { Compilable, Kysely } from 'kysely'
import type { Tables } from './tables.ts'
import type { WordIndex } from './word-index.ts'

/** A query that was built, compiled and prepared once, and then runs at once with the values of one call. */
export type Query<Values, Row> = (values: Values) => Row[]

export interface Database {
  /**
   * Prepares what Kysely builds. `values` stands for the values to come: `db.query<{ name: string }>()((q, values) => …where('name', '=', values.name))`.
   */
  query<Values>(): <Row>(build: (tables: Kysely<Tables>, values: Values) => Compilable<Row>) => Query<Values, Row>
  /** The index of words, whose form is each database's own. */
  words(): WordIndex
  begin(): void
  /** What was written since `begin` is on the disk afterwards. */
  commit(): void
  /** Takes back what was written since `begin`, where that was not committed. */
  rollback(): void
  /** Writes something that changes nothing. Throws while nothing can be written. Inside a transaction only. */
  probe(): void
  /** Whether the disk, the file or the way to the server is at fault and not the statement. */
  isFailure(error: unknown): boolean
  /**
   * Writes all of it, as it is now, into a new file. Everybody waits meanwhile: the backup by pages fails whenever it meets a transaction of this
   * connection, and here one follows the other. Undefined where the database brings its own tools for that.
   */
  backUp: ((file: string) => void) | undefined
  /**
   * Takes off the disk what was deleted or overwritten, wherever it still lies, or begins to. Outside of transactions.
   */
  scrub(): void
  close(): void
}

class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/** The SQL of a query, whether it gives rows, and how the values of one call become its parameters. */
export function compile<Values, Row>(
  tables: Kysely<Tables>,
  build: (tables: Kysely<Tables>, values: Values) => Compilable<Row>,
): { sql: string; bind(values: Values): unknown[]; hasRows: boolean } {
  const names = new Proxy({}, { get: (_target, name) => new Placeholder(String(name)) })
  const { sql, parameters, query } = build(tables, names as Values).compile()
  return {
    sql,
    hasRows: query.kind === 'SelectQueryNode' || 'returning' in query,
    bind: (values) =>
      parameters.map((value) =>
        value instanceof Placeholder ? (values as Record<string, unknown>)[value.name] : value,
      ),
  }
}
