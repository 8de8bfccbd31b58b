import type { SessionMedia } from './session-media.js';
import type { SessionMicrophones } from './session-microphones.js';
import type { StreamTuning } from './stream-tuning.js';
import type { IceServer } from './turn-credentials.js';
import type { ViewerHost } from './viewer.js';

export interface ViewerHostParts {
  media: SessionMedia;
  microphones: SessionMicrophones;
  tuning: StreamTuning;
  iceServers: () => IceServer[];
  onReady: () => void;
}

/** A session as its viewers see it. */
export function viewerHost({ media, microphones, tuning, iceServers, onReady }: ViewerHostParts): ViewerHost {
  return {
    get router() {
      return media.router;
    },
    createTransport: () => media.createViewerTransport(),
    iceServers,
    avatarProducers: () => media.producers,
    onMicrophone: (viewer, producer) => microphones.add(viewer.participantId, producer),
    onMicrophoneEnabled: async (viewer, enabled) => microphones.setEnabled(viewer.participantId, enabled),
    onMicrophoneGone: (viewer) => microphones.remove(viewer.participantId),
    onReady,
    onBandwidth: (viewer, bps) => tuning.bandwidth(viewer.participantId, bps),
    onVoiceLoss: (viewer, fraction) => tuning.voiceLoss(viewer.participantId, fraction),
  };
}
