import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";

import { LiveConnection, type LiveEvent, type LiveState } from "./live-connection";
import { useSession } from "./session";

export type { LiveEvent, LiveState };

const GATHERED_MS = 250;
// However busy the account is: what is asked again costs, and the service counts it.
const SPACED_MS = { all: 2000, one: 1000 };
const Context = createContext<LiveConnection | null>(null);

/** Follows the account's orders as long as somebody who may read them is signed in. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const { credentials, rights, lastSequence, signOut } = useSession();
  const [connection, setConnection] = useState<LiveConnection | null>(null);

  useEffect(() => {
    if (!rights.orders) return;
    const opened = new LiveConnection(credentials, lastSequence, signOut);
    setConnection(opened);
    return opened.open();
  }, [credentials, rights, lastSequence, signOut]);

  return <Context value={connection}>{children}</Context>;
}

/** The connection's state, and how to hear events:
 *
 *     const { state, onEvent } = useLive();
 *     useEffect(() => onEvent((event) => …), [onEvent]);
 */
export function useLive(): {
  state: LiveState;
  onEvent: (listener: (event: LiveEvent) => void) => () => void;
} {
  const connection = useContext(Context);
  const state = useSyncExternalStore<LiveState>(
    connection?.onState ?? never,
    () => connection?.state ?? "off",
  );
  const onEvent = useCallback(
    (listener: (event: LiveEvent) => void) => connection?.onEvent(listener) ?? nothing,
    [connection],
  );
  return { state, onEvent };
}

/** Calls `refresh` shortly after events: once for many that come together, and not too often. With
 * `orderId` only that order's count. `refresh` may be a new function at every rendering.
 */
export function useRefreshOnEvents(refresh: () => void, orderId?: string): void {
  const { onEvent } = useLive();
  const latest = useRef(refresh);
  useEffect(() => {
    latest.current = refresh;
  });

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let earliest = 0;
    const stop = onEvent((event) => {
      if (orderId && event.order.id !== orderId) return;
      timer ??= setTimeout(
        () => {
          timer = undefined;
          earliest = Date.now() + (orderId ? SPACED_MS.one : SPACED_MS.all);
          latest.current();
        },
        Math.max(GATHERED_MS, earliest - Date.now()),
      );
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [onEvent, orderId]);
}

function never(): () => void {
  return nothing;
}

function nothing(): void {}
