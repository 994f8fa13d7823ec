import { useSyncExternalStore } from "react";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TICK = 15 * SECOND;

const exact = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const short = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const dayOnly = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });
const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** A moment as `3 min. ago` within a day, else as date and time; the exact one on hover. */
export function Instant({ at, absolute }: { at: string; absolute?: boolean }) {
  const now = useNow();
  const moment = new Date(at);
  return (
    <time dateTime={at} title={exact.format(moment)}>
      {absolute ? short.format(moment) : relative(moment.getTime(), now)}
    </time>
  );
}

/** A calendar day, such as "2026-03-09", as it is where it was stated. */
export function Day({ on }: { on: string }) {
  return <time dateTime={on}>{formatDay(on)}</time>;
}

export function formatDay(on: string): string {
  return dayOnly.format(new Date(`${on}T00:00:00Z`));
}

export function formatInstant(at: string): string {
  return short.format(new Date(at));
}

function relative(moment: number, now: number): string {
  const distance = moment - now;
  const size = Math.abs(distance);
  if (size < 45 * SECOND) return "just now";
  if (size < 50 * MINUTE) return ago.format(Math.round(distance / MINUTE), "minute");
  if (size < DAY) return ago.format(Math.round(distance / HOUR), "hour");
  return short.format(moment);
}

let current = Date.now();

function onTick(notify: () => void): () => void {
  const timer = setInterval(() => {
    current = Date.now();
    notify();
  }, TICK);
  current = Date.now();
  return () => clearInterval(timer);
}

function useNow(): number {
  return useSyncExternalStore(onTick, () => current);
}
