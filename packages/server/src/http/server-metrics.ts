import type { EngineMetrics } from '../media/media-engine.ts'
import type { Metrics } from './metrics.ts'

export interface Sources {
  engine: () => EngineMetrics
  calls: () => { rooms: number; participants: number; tracks: number }
  sockets: () => { connections: number; people: number; messages: number }
}

/** The figures of the parts, under LiveKit's names where it has one, so that dashboards made for it work. */
export function exposeServerMetrics(metrics: Metrics, { engine, calls, sockets }: Sources): void {
  const directions = (incoming: number, outgoing: number) => ({
    'direction="incoming"': incoming,
    'direction="outgoing"': outgoing,
  })
  metrics.totals('livekit_packet_total', 'Media packets.', () => {
    const { packetsIn, packetsOut } = engine()
    return directions(packetsIn, packetsOut)
  })
  metrics.totals('livekit_packet_bytes', 'Bytes of media packets.', () => {
    const { bytesIn, bytesOut } = engine()
    return directions(bytesIn, bytesOut)
  })
  metrics.gauge('livekit_room_total', 'Calls going on.', () => calls().rooms)
  metrics.gauge('livekit_participant_total', 'People in calls.', () => calls().participants)
  metrics.gauge('maru_rooms', 'Calls going on.', () => calls().rooms)
  metrics.gauge('maru_participants', 'People in calls.', () => calls().participants)
  metrics.gauge('maru_tracks', 'Tracks published.', () => calls().tracks)
  metrics.gauge('maru_members', 'People in rooms.', () => sockets().people)
  metrics.gauge('maru_connections', 'Open room sockets.', () => sockets().connections)
  metrics.total('maru_messages_total', 'Messages stored since the start.', () => sockets().messages)

  const total = (name: string, help: string, read: (figures: EngineMetrics) => number) =>
    metrics.total(`maru_engine_${name}`, help, () => read(engine()))
  total('packets_dropped_total', 'Packets that could not be forwarded.', (each) => each.packetsDropped)
  total('handed_over_total', 'Packets that arrived at another thread than their connection.', (each) => each.handedOver)
  total('posts_dropped_total', 'Packets one thread did not take from another in time.', (each) => each.postsDropped)
  total('strays_dropped_total', 'Packets from nobody known.', (each) => each.straysDropped)
  total('retransmitted_total', 'Packets sent again on request.', (each) => each.retransmitted)
  total('nacks_total', 'Requests for lost packets.', (each) => each.nacks)
  total('keyframe_requests_total', 'Key frames asked for.', (each) => each.keyframeRequests)
  total('send_errors_total', 'Packets the system did not take.', (each) => each.sendErrors)
  total('events_dropped_total', 'Events the server was too slow to take.', (each) => each.eventsDropped)
  total('cpu_seconds_total', 'Processor time of the media threads.', (each) => each.threadCpuMicros / 1e6)
  const byThread = (read: (thread: EngineMetrics['threads'][number]) => number) =>
    Object.fromEntries(engine().threads.map((thread, number) => [`thread="${number}"`, read(thread)]))
  metrics.totals('maru_engine_thread_cpu_seconds_total', 'Processor time of each media thread.', () =>
    byThread((thread) => thread.cpuMicros / 1e6),
  )
  metrics.totals('maru_engine_thread_packets_total', 'Packets in and out of each media thread.', () =>
    byThread((thread) => thread.packetsIn + thread.packetsOut),
  )
  metrics.gauge('maru_engine_transports', 'Media connections.', () => engine().transports)
  metrics.gauge('maru_engine_subscriptions', 'Tracks being forwarded.', () => engine().subscriptions)
}
