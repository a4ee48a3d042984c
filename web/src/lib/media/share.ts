/** A screen, window or tab being shared. */
export interface Shared {
  video: MediaStreamTrack;
  audio: MediaStreamTrack | null;
  stop(): void;
}

/**
 * Asks which screen or window to share. `ended` is called when the browser's own bar or the closing
 * of the window ends it. Resolves with null when the person thought better of it.
 */
export async function share(ended: () => void): Promise<Shared | null> {
  let stream: MediaStream;
  try {
    stream = await navigator.mediaDevices.getDisplayMedia({
      video: { frameRate: { ideal: 10, max: 15 }, width: { max: 1920 }, height: { max: 1080 } },
      audio: true,
    });
  } catch (error) {
    if ((error as DOMException).name === 'NotAllowedError') return null;
    throw error;
  }
  const [video] = stream.getVideoTracks();
  if (!video) return null;
  // Text has to stay sharp; frames may wait.
  video.contentHint = 'detail';
  const audio = stream.getAudioTracks()[0] ?? null;
  const stop = () => {
    video.onended = null;
    for (const track of stream.getTracks()) track.stop();
  };
  video.onended = () => {
    stop();
    ended();
  };
  return { video, audio, stop };
}

/** Whether this browser can share a screen at all (phones cannot). */
export const canShare = (): boolean =>
  typeof globalThis.navigator?.mediaDevices?.getDisplayMedia === 'function';
