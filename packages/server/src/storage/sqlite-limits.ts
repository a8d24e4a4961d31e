import { type LimitNode, SqliteQueryCompiler } from 'kysely'

/**
 * Where a value is the limit by itself, SQLite (from 3.48 on) looks at it while it plans, and plans and compiles the statement anew each time it is
 * bound, which takes longer than most of them run. Of a sum it takes no notice.
 */
export const boundLimit = 'limit ? + 0'

export class StableLimits extends SqliteQueryCompiler {
  protected override visitLimit(node: LimitNode): void {
    super.visitLimit(node)
    this.append(' + 0')
  }
}
