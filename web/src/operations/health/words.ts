import type { Tone } from "../../ui/badge";
import { words } from "../../ui/words";

interface Word {
  text: string;
  tone: Tone;
  /** What it means, where something is wrong. */
  meaning?: string;
}

const STATES: Record<string, Word> = {
  HEALTHY: { text: "Healthy", tone: "good" },
  DEGRADED: { text: "Degraded", tone: "warn", meaning: "Some requests fail, or it is slow." },
  DOWN: {
    text: "Down",
    tone: "bad",
    meaning: "Requests fail and are held back. Every ten seconds one may try.",
  },
};

const CIRCUITS: Record<string, string> = {
  CLOSED: "Closed",
  OPEN: "Open",
  HALF_OPEN: "Half open",
};

export function providerState(value: string): Word {
  return STATES[value] ?? { text: words(value), tone: "neutral" };
}

export function circuitState(value: string): string {
  return CIRCUITS[value] ?? words(value);
}
