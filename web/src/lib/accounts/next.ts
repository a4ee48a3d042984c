/** Where to go after signing in: a path of this app, never another site (`//evil`, `https:…`) nor the sign-in page again. */
export function safeNext(next: string | null): string {
  if (!next || !next.startsWith('/') || /^\/[/\\]/.test(next) || next.startsWith('/sign-in')) return '/';
  return next;
}
