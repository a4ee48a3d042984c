/** Zoom by two fingers, by wheel with Ctrl, by double tap; and a swipe across. Places are in the element's window. */
export interface Pinching {
  /** Two fingers are down at a place; answers the zoom they begin from. */
  start(x: number, y: number): number;
  /** `zoom` is left out while two fingers only move. */
  move(zoom: number | undefined, x: number, y: number): void;
  end(): void;
  doubleTap(x: number, y: number): void;
  swipe(direction: 1 | -1): void;
}

const doubleWithin = 300;
const sameSpot = 32;
const swipeFrom = 64;
/** Fingers that keep their distance, about, mean to move the page. */
const spread = 0.06;
const wheelRests = 160;

/** Listens until the returned function is called. */
export function pinching(element: HTMLElement, { start, move, end, doubleTap, swipe }: Pinching): () => void {
  const place = (x: number, y: number) => {
    const box = element.getBoundingClientRect();
    return [x - box.left, y - box.top] as const;
  };
  const pair = (touches: TouchList) => {
    const [a, b] = [touches[0]!, touches[1]!];
    const [x, y] = place((a.clientX + b.clientX) / 2, (a.clientY + b.clientY) / 2);
    return { apart: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) || 1, x, y };
  };

  let pinch: { apart: number; zoom: number; zooms: boolean } | undefined;
  let tapped: { x: number; y: number; at: number } | undefined;
  let down: { x: number; y: number; at: number } | undefined;
  let frame = 0;

  const touchStart = (event: TouchEvent) => {
    if (event.touches.length === 2) {
      event.preventDefault();
      const { apart, x, y } = pair(event.touches);
      pinch = { apart, zoom: start(x, y), zooms: false };
      down = tapped = undefined;
    } else if (event.touches.length === 1) {
      const [touch] = event.touches;
      down = touch && { x: touch.clientX, y: touch.clientY, at: event.timeStamp };
    }
  };
  const touchMove = (event: TouchEvent) => {
    if (!pinch || event.touches.length !== 2) return;
    event.preventDefault();
    const { apart, x, y } = pair(event.touches);
    const change = apart / pinch.apart;
    pinch.zooms ||= Math.abs(change - 1) > spread;
    const zoom = pinch.zooms ? pinch.zoom * change : undefined;
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => move(zoom, x, y));
  };
  const touchEnd = (event: TouchEvent) => {
    if (pinch) {
      if (event.touches.length < 2) {
        pinch = undefined;
        cancelAnimationFrame(frame);
        end();
      }
      return;
    }
    const [touch] = event.changedTouches;
    if (!down || !touch || event.touches.length > 0) return;
    const [dx, dy] = [touch.clientX - down.x, touch.clientY - down.y];
    if (Math.hypot(dx, dy) < 12) tap(touch.clientX, touch.clientY, event);
    else if (Math.abs(dx) > swipeFrom && Math.abs(dx) > 2 * Math.abs(dy) && event.timeStamp - down.at < 500)
      swipe(dx < 0 ? 1 : -1);
    down = undefined;
  };
  function tap(x: number, y: number, event: TouchEvent) {
    const again = tapped && event.timeStamp - tapped.at < doubleWithin;
    if (again && Math.hypot(x - tapped!.x, y - tapped!.y) < sameSpot) {
      event.preventDefault(); // the browser would select a word
      tapped = undefined;
      doubleTap(...place(x, y));
    } else tapped = { x, y, at: event.timeStamp };
  }

  // A wheel with Ctrl, which is also what a touchpad's pinch arrives as. It has no end of its own.
  let wheeled: { zoom: number; rest: ReturnType<typeof setTimeout> } | undefined;
  const wheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const [x, y] = place(event.clientX, event.clientY);
    const zoom = wheeled?.zoom ?? start(x, y);
    clearTimeout(wheeled?.rest);
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1);
    const next = zoom * Math.exp(-Math.max(-60, Math.min(60, pixels)) / 240);
    wheeled = {
      zoom: next,
      rest: setTimeout(() => {
        wheeled = undefined;
        end();
      }, wheelRests),
    };
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => move(next, x, y));
  };
  // Safari's own pinch.
  const gesture = (event: Event) => event.preventDefault();

  element.addEventListener('touchstart', touchStart, { passive: false });
  element.addEventListener('touchmove', touchMove, { passive: false });
  element.addEventListener('touchend', touchEnd, { passive: false });
  element.addEventListener('touchcancel', touchEnd);
  element.addEventListener('wheel', wheel, { passive: false });
  element.addEventListener('gesturestart', gesture);
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(wheeled?.rest);
    element.removeEventListener('touchstart', touchStart);
    element.removeEventListener('touchmove', touchMove);
    element.removeEventListener('touchend', touchEnd);
    element.removeEventListener('touchcancel', touchEnd);
    element.removeEventListener('wheel', wheel);
    element.removeEventListener('gesturestart', gesture);
  };
}
