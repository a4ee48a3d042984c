declare module 'virtual:languages' {
  /** Fetches the English texts; from then on messages are said in them. */
  export const speakEnglish: () => Promise<void>;
}
