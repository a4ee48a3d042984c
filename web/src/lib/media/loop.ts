import { capture } from './capture.ts';
import { audioContext } from './level.ts';

/** Hz: apart from speech's strongest, and no multiples of each other. */
export const TONES = [1_050, 1_730, 2_610] as const;
const TONE_SECONDS = 0.3;
/** From one tone to the next: a loudspeaker behind a display or by radio is up to some 300 ms late. */
const APART_SECONDS = 0.75;
const QUIET_SECONDS = 0.5;
const EVERY = 40;
/** dB that a tone must stand out from what was there before, and from the other two tones. */
const ABOVE_QUIET = 10;
const ABOVE_OTHERS = 6;

/** What the microphone heard: dBFS of its loudest moment, and whether the loudspeaker was among it. */
export interface LoopResult {
  loop: 'heard' | 'unheard' | 'unable';
  levelDb: number | undefined;
}

/**
 * Whether the microphone heard the tones. `quiet[i]`: dB at tone i's pitch before anything sounded; `during[k][i]`: the
 * loudest at tone i's pitch while tone k sounded. Two of three will do: people talk in between.
 */
export function heardLoop(quiet: readonly number[], during: readonly (readonly number[])[]): boolean {
  const clear = during.filter((levels, at) => {
    const own = levels[at] ?? -Infinity;
    const others = levels.filter((_, other) => other !== at);
    return own - (quiet[at] ?? 0) >= ABOVE_QUIET && own - Math.max(...others) >= ABOVE_OTHERS;
  });
  return clear.length >= 2;
}

/**
 * Listens for `speakSeconds` (somebody speaks), then plays three tones on the loudspeaker and listens for them with the
 * same microphone, taken without echo cancelling. `tones` is called when they begin.
 */
export async function tryLoop(
  microphone: string,
  speaker: string,
  speakSeconds: number,
  tones: () => void,
): Promise<LoopResult> {
  let track: MediaStreamTrack;
  try {
    track = await capture('microphone', { device: microphone, processing: 'hall' });
  } catch {
    return { loop: 'unable', levelDb: undefined };
  }
  const context = audioContext();
  await Promise.race([context.resume(), pause(1_000)]);
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const spectrum = new Float32Array(analyser.frequencyBinCount);
  const bins = TONES.map((hz) => Math.round((hz * analyser.fftSize) / context.sampleRate));
  let loudest = -Infinity;

  const listen = async (seconds: number): Promise<number[]> => {
    const found = TONES.map(() => -Infinity);
    for (const until = performance.now() + seconds * 1000; performance.now() < until; await pause(EVERY)) {
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const sample of samples) sum += sample * sample;
      loudest = Math.max(loudest, 10 * Math.log10(sum / samples.length + 1e-12));
      analyser.getFloatFrequencyData(spectrum);
      bins.forEach((bin, at) => {
        const around = Math.max(...spectrum.subarray(bin - 2, bin + 3));
        found[at] = Math.max(found[at] ?? -Infinity, around);
      });
    }
    // Digital silence is minus infinity, from which nothing could be counted.
    return found.map((level) => Math.max(level, -120));
  };

  const out = context.createMediaStreamDestination();
  const element = new Audio() as HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> };
  try {
    await listen(speakSeconds);
    tones();
    element.srcObject = out.stream;
    await element.setSinkId?.(speaker).catch(() => undefined);
    await element.play();
    const quiet = await listen(QUIET_SECONDS);
    const during: number[][] = [];
    for (const frequency of TONES) {
      sound(context, out, frequency);
      during.push(await listen(APART_SECONDS));
    }
    const running = context.state === 'running' && Number.isFinite(loudest);
    const loop = !running ? 'unable' : heardLoop(quiet, during) ? 'heard' : 'unheard';
    return { loop, levelDb: running ? Math.round(loudest * 10) / 10 : undefined };
  } catch {
    return { loop: 'unable', levelDb: Number.isFinite(loudest) ? loudest : undefined };
  } finally {
    element.srcObject = null;
    source.disconnect();
    track.stop();
  }
}

function sound(context: AudioContext, out: AudioNode, frequency: number): void {
  const tone = new OscillatorNode(context, { frequency });
  const loudness = new GainNode(context, { gain: 0 });
  const at = context.currentTime + 0.02;
  loudness.gain.setValueAtTime(0, at);
  loudness.gain.linearRampToValueAtTime(0.5, at + 0.02);
  loudness.gain.setValueAtTime(0.5, at + TONE_SECONDS - 0.03);
  loudness.gain.linearRampToValueAtTime(0, at + TONE_SECONDS);
  tone.connect(loudness).connect(out);
  tone.start(at);
  tone.stop(at + TONE_SECONDS);
}

const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Mean brightness below which a picture is a lens that is covered, or a room without light (of 255). */
const DARK = 16;

/** Whether a camera's picture is dark; undefined if it shows none within two seconds. */
export async function isDark(camera: MediaStreamTrack): Promise<boolean | undefined> {
  const video = document.createElement('video');
  video.muted = true;
  video.srcObject = new MediaStream([camera]);
  try {
    await Promise.race([video.play(), pause(2_000)]);
    if (video.videoWidth === 0) return undefined;
    await pause(400); // cameras open their eye slowly
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [32, 18];
    const pen = canvas.getContext('2d', { willReadFrequently: true });
    if (!pen) return undefined;
    pen.drawImage(video, 0, 0, 32, 18);
    const { data } = pen.getImageData(0, 0, 32, 18);
    let sum = 0;
    for (let at = 0; at < data.length; at += 4)
      sum += 0.3 * (data[at] ?? 0) + 0.59 * (data[at + 1] ?? 0) + 0.11 * (data[at + 2] ?? 0);
    return sum / (data.length / 4) < DARK;
  } catch {
    return undefined;
  } finally {
    video.srcObject = null;
  }
}
