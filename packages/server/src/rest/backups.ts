import { AppError } from '@maru/protocol'
import * as v from 'valibot'
import { operation } from './operation.ts'

export const backups = [
  operation({
    id: 'backUp',
    method: 'POST',
    path: '/api/backups',
    tag: 'Backup',
    summary:
      'Copies all data into a new folder below `backups` in the data folder, while the server runs. `folder` is its path on the server.',
    who: 'operator',
    needs: 'own',
    reply: v.object({ folder: v.string(), files: v.number() }),
    status: 201,
    errors: ['storage_unavailable'],
    run: ({ backUp }) =>
      backUp().catch((cause) => {
        if (cause instanceof AppError) throw cause
        // Whoever asks runs the server.
        const why = (cause as NodeJS.ErrnoException).code === 'ENOSPC' ? 'the disk is full' : (cause as Error).message
        throw new AppError('storage_unavailable', `The backup could not be written: ${why}.`, { cause })
      }),
  }),
]
