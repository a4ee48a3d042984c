let context: AudioContext | undefined;

/** Hz; a third, quiet, so that it reaches who sits there and no microphone. */
const TONES = [659, 523];
const LASTS = 0.22;
const LOUDNESS = 0.08;

/** Two soft notes on this machine's loudspeaker. Silent where the browser wants a touch first. */
export function chime(): void {
  context ??= new AudioContext();
  if (context.state === 'suspended') void context.resume();
  for (const [index, hertz] of TONES.entries()) {
    const at = context.currentTime + index * LASTS;
    const [tone, volume] = [context.createOscillator(), context.createGain()];
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0, at);
    volume.gain.linearRampToValueAtTime(LOUDNESS, at + 0.02);
    volume.gain.exponentialRampToValueAtTime(0.001, at + LASTS);
    tone.connect(volume).connect(context.destination);
    tone.start(at);
    tone.stop(at + LASTS);
  }
}
