const LOOK_EVERY = 700;
const STALE_AFTER = 2_500;

export interface FrameWatch {
  /** A picture that stands still is still a picture: a shared page of text sends frames only when it changes. */
  still?: boolean;
  /** Frames that came in before (`performance.now()`) are still the picture of whoever stood in this slot. */
  from?: number;
}

/** Where the browser does not tell when a frame was received, it was at most this long before it is shown, ms. */
const UNTIL_SHOWN = 200;

/**
 * Tells whether a video element shows moving pictures: true with the first frame, false when none has come
 * for 2.5 s. A muted or ended track says too little: a slot's track lives on when its sender has gone.
 * Frames are noticed where they are presented (`requestVideoFrameCallback`), else by the element's clock:
 * `getVideoPlaybackQuality` counts none of a MediaStream in Firefox and in Safari before 2026.
 * Returns how to stop.
 */
export function watchFrames(
  video: HTMLVideoElement,
  moved: (fresh: boolean) => void,
  { still = false, from = 0 }: FrameWatch = {},
): () => void {
  let seen = -Infinity;
  let fresh = false;
  let clock = 0;
  let waiting: number | undefined;
  const say = (value: boolean) => {
    if (value !== fresh) moved((fresh = value));
  };
  const came = (now: number, frame?: VideoFrameCallbackMetadata) => {
    waiting = undefined;
    if ((frame?.receiveTime ?? now - UNTIL_SHOWN) < from) {
      if (presented) waiting = video.requestVideoFrameCallback(came);
      return;
    }
    seen = now;
    say(true);
  };
  const presented = typeof video.requestVideoFrameCallback === 'function';
  const look = () => {
    // One callback a look, not one a frame: a console has 25 of these.
    if (presented) waiting ??= video.requestVideoFrameCallback(came);
    else if (video.videoWidth > 0 && video.currentTime > clock) {
      clock = video.currentTime;
      came(performance.now());
    }
    // A hidden page is presented no frames; what it last knew holds until somebody looks again.
    if (still || document.visibilityState === 'hidden') return;
    if (performance.now() - seen > STALE_AFTER) say(false);
  };
  const timer = setInterval(look, LOOK_EVERY);
  video.addEventListener('loadeddata', look);
  video.addEventListener('resize', look);
  look();
  return () => {
    clearInterval(timer);
    if (waiting !== undefined) video.cancelVideoFrameCallback(waiting);
    video.removeEventListener('loadeddata', look);
    video.removeEventListener('resize', look);
  };
}
