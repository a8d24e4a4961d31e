import type { Page } from 'playwright-core'

/** What one page has received so far, summed over its connections. */
export interface Received {
  /** One row an incoming video track with anything in it. */
  videos: { id: string; framesDecoded: number; width: number; height: number; freezes: number }[]
  audios: { id: string; energy: number; concealed: number; samples: number }[]
}

declare global {
  interface Window {
    connections: RTCPeerConnection[]
  }
}

/**
 * Watches every connection of the page and asks the camera for `camera` whatever the page asked for, so that a two-core machine can
 * encode for four people. Must be called before the first navigation.
 */
export async function watchMedia(
  page: Page,
  camera?: { width: number; height: number; frameRate: number },
): Promise<void> {
  await page.addInitScript((wanted) => {
    window.connections = []
    window.RTCPeerConnection = class extends window.RTCPeerConnection {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        window.connections.push(this)
      }
    }
    const devices = navigator.mediaDevices as MediaDevices | undefined
    if (!wanted || !devices) return
    const ask = devices.getUserMedia.bind(devices)
    devices.getUserMedia = (constraints) => {
      if (!constraints?.video) return ask(constraints)
      const given = constraints.video === true ? {} : constraints.video
      return ask({ ...constraints, video: { ...given, ...wanted } })
    }
  }, camera)
}

export function received(page: Page): Promise<Received> {
  return page.evaluate(async () => {
    const result: Received = { videos: [], audios: [] }
    for (const connection of window.connections) {
      if (connection.connectionState === 'closed') continue
      for (const row of (await connection.getStats()).values()) {
        if (row.type !== 'inbound-rtp') continue
        const id = row.trackIdentifier as string
        if (row.kind === 'video' && row.framesDecoded > 0)
          result.videos.push({
            id,
            framesDecoded: row.framesDecoded,
            width: row.frameWidth,
            height: row.frameHeight,
            freezes: row.freezeCount ?? 0,
          })
        if (row.kind === 'audio' && row.packetsReceived > 0)
          result.audios.push({
            id,
            energy: row.totalAudioEnergy ?? 0,
            concealed: row.concealedSamples ?? 0,
            samples: row.totalSamplesReceived ?? 0,
          })
      }
    }
    return result
  })
}
