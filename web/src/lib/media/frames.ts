const LOOK_EVERY = 700;
const STALE_AFTER = 2_500;

/**
 * Tells whether a video element shows moving pictures: true with the first frame, false when none has come
 * for 2.5 s. A muted or ended track says too little: a slot's track lives on when its sender has gone.
 * Returns how to stop.
 */
export function watchFrames(video: HTMLVideoElement, moved: (fresh: boolean) => void): () => void {
  let frames = -1;
  let seen = 0;
  let fresh = false;
  const say = (value: boolean) => {
    if (value !== fresh) moved((fresh = value));
  };
  const look = () => {
    const total = video.getVideoPlaybackQuality().totalVideoFrames;
    if (total !== frames && total > 0) {
      frames = total;
      seen = performance.now();
      say(true);
    } else if (performance.now() - seen > STALE_AFTER) say(false);
  };
  const timer = setInterval(look, LOOK_EVERY);
  video.addEventListener('loadeddata', look);
  video.addEventListener('resize', look);
  return () => {
    clearInterval(timer);
    video.removeEventListener('loadeddata', look);
    video.removeEventListener('resize', look);
  };
}
