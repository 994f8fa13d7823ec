import type { Tone } from "../ui/badge";
import { words } from "../ui/words";

/** A state in which a voucher is not opened: its name, and why. Null: it can be opened. */
export function closedState(state: string): { text: string; tone: Tone; why: string } | null {
  switch (state) {
    case "ACTIVE":
      return null;
    case "VOIDED":
      return {
        text: "Void",
        tone: "neutral",
        why: "It was cancelled after it was delivered, and its money given back.",
      };
    case "QUARANTINED":
      return {
        text: "Quarantined",
        tone: "warn",
        why: "It arrived after its order was reported failed. An operator decides whether you get it; until then it stays closed and costs nothing.",
      };
    default:
      return { text: words(state), tone: "neutral", why: "It cannot be opened as it stands." };
  }
}
