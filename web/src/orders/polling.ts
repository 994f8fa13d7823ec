import { useEffect, useRef } from "react";

import { useLive, type LiveState } from "../session/live";

const EVERY_MS = 10_000;

/** Asks again at intervals while something is open and no events come, and once when they do again. */
export function usePollWhileCut(refresh: () => void, open: boolean): LiveState {
  const { state } = useLive();
  const latest = useRef(refresh);
  const wasCut = useRef(false);
  useEffect(() => {
    latest.current = refresh;
  });

  useEffect(() => {
    if (state === "reconnecting") wasCut.current = true;
    if (state !== "live" || !wasCut.current) return;
    wasCut.current = false;
    latest.current();
  }, [state]);

  const cut = state === "reconnecting" || state === "off";
  useEffect(() => {
    if (!open || !cut) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") latest.current();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [open, cut]);
  return state;
}
