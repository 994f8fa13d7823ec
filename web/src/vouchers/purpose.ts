/** Why a voucher is opened: recorded by the service, and sent as a header. */

export const LONGEST_PURPOSE = 200;

/** The purpose with every space a plain one. */
export function tidied(typed: string): string {
  return typed.replace(/[\p{Z}\s]+/gu, " ").trim();
}

/** Why the service would not take it; null when it would. */
export function purposeProblem(typed: string): string | null {
  const purpose = tidied(typed);
  if (!purpose) return "Say what it is opened for";
  if (/\p{C}/u.test(purpose)) return "It has a character that cannot be recorded";
  const length = [...purpose].length;
  return length > LONGEST_PURPOSE ? `At most ${LONGEST_PURPOSE} characters, not ${length}` : null;
}

/** As a header's value: browsers send each character as one byte, the service reads UTF-8. */
export function asHeader(purpose: string): string {
  return String.fromCharCode(...new TextEncoder().encode(purpose));
}
