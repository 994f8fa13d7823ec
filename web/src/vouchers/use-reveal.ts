import { useCallback, useEffect, useRef, useState } from "react";
import { flushSync } from "react-dom";

import { useSession } from "../session/session";
import { explainRefusal, type Refusal } from "./refusal";
import { reveal, type Secret } from "./reveal";

export const SHOWN_MS = 60_000;

export interface Openable {
  id: string;
  type: string;
}

/** What is open on this page. Only here are secrets held, and only while they are shown. */
export type Opened =
  | { phase: "none"; said: string }
  | { phase: "asking"; voucher: Openable; busy: boolean; refusal?: Refusal }
  | { phase: "shown"; voucher: Openable; secrets: Secret[]; until: number };

/** Opens one voucher at a time and hides it again: after a minute, when the page is left or
 * covered, when another is opened, and on `hide`.
 */
export function useReveal() {
  const { forgetful, credentials } = useSession();
  const [opened, setOpened] = useState<Opened>({ phase: "none", said: "" });
  // An answer that comes after somebody left is thrown away.
  const turn = useRef(0);

  const hide = useCallback((said = "Hidden again") => {
    turn.current += 1;
    setOpened((before) => ({ phase: "none", said: before.phase === "shown" ? said : "" }));
  }, []);

  const ask = useCallback((voucher: Openable) => {
    turn.current += 1;
    setOpened({ phase: "asking", voucher, busy: false });
  }, []);

  const open = useCallback(
    async (voucher: Openable, purpose: string) => {
      const mine = ++turn.current;
      setOpened({ phase: "asking", voucher, busy: true });
      const { secrets, error } = await reveal(forgetful, credentials, voucher, purpose);
      if (turn.current !== mine) return;
      setOpened(
        secrets
          ? { phase: "shown", voucher, secrets, until: Date.now() + SHOWN_MS }
          : { phase: "asking", voucher, busy: false, refusal: explainRefusal(error) },
      );
    },
    [forgetful, credentials],
  );

  useEffect(() => {
    // At once: the page may be frozen, or pictured, before React would come to it.
    const leave = () => flushSync(() => hide("Hidden: the page was left"));
    const cover = () => {
      if (document.visibilityState === "hidden") leave();
    };
    window.addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", cover);
    return () => {
      turn.current += 1;
      window.removeEventListener("pagehide", leave);
      document.removeEventListener("visibilitychange", cover);
    };
  }, [hide]);

  const until = opened.phase === "shown" ? opened.until : null;
  useEffect(() => {
    if (until === null) return;
    // Looked at often: a timer stands still while a machine sleeps.
    const timer = setInterval(() => {
      if (Date.now() >= until) hide("Hidden again after a minute");
    }, 500);
    return () => clearInterval(timer);
  }, [until, hide]);

  return { opened, ask, open, hide };
}
