// LiveKit's own meeting component as it comes, for whoever the address says: ?url=…&token=…&form=single
import { LiveKitRoom, VideoConference } from '@livekit/components-react'
import { createElement } from 'react'
import { createRoot } from 'react-dom/client'

const asked = new URLSearchParams(location.search)
const room = {
  serverUrl: asked.get('url'),
  token: asked.get('token'),
  audio: true,
  video: true,
  options: { singlePeerConnection: asked.get('form') === 'single' },
}
createRoot(document.getElementById('root')).render(createElement(LiveKitRoom, room, createElement(VideoConference)))
