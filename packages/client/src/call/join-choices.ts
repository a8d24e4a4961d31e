/** What a person chose before joining. */
export interface JoinChoices {
  name: string
  /** A device id; left out for the default device, `false` for none. */
  microphone?: string | false
  camera?: string | false
  speaker?: string
  /** Live tracks of the preview; the call takes them over, so that nothing is opened twice. */
  tracks?: { microphone?: MediaStreamTrack; camera?: MediaStreamTrack }
}
