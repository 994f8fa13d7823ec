import { createClient, type Client } from "graphql-ws";

import { headersOf, type Credentials } from "./credentials";
import { liveEndpoint } from "./page";

export type LiveState = "connecting" | "live" | "reconnecting" | "off";

/** One event of the account's order log. */
export interface LiveEvent {
  sequence: string;
  type: string;
  status: string;
  at: string;
  order: { id: string; reference: string };
}

type Listener = (event: LiveEvent) => void;

const QUERY = `subscription Live($after: String) {
  orderEvents(after: $after) { sequence type status at order { id reference } }
}`;
const NOT_ADMITTED = 4403;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const SILENCE_MS = 10_000;
const ANSWER_MS = 5_000;

/** The session's one subscription. After every cut it goes on behind the last event it has seen. */
export class LiveConnection {
  state: LiveState = "connecting";
  private readonly listeners = new Set<Listener>();
  private readonly watchers = new Set<() => void>();
  private readonly client: Client;
  private release: () => void = () => undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private closed = false;

  constructor(
    credentials: Credentials,
    private last: string | null,
    private readonly refused: (why: string) => void,
  ) {
    this.client = connect(credentials, () => this.became("live"));
  }

  /** Begins, and returns what ends it for good. */
  open(): () => void {
    this.closed = false;
    this.follow();
    window.addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    return () => {
      this.closed = true;
      clearTimeout(this.timer);
      window.removeEventListener("online", this.hurry);
      document.removeEventListener("visibilitychange", this.hurry);
      this.release();
      void this.client.dispose();
    };
  }

  /** Hears every event, in order and once. Returns what stops it. */
  onEvent(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Hears that `state` is another one. Returns what stops it. */
  onState = (watcher: () => void): (() => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  private follow(): void {
    this.release = this.client.subscribe<{ orderEvents: LiveEvent }>(
      { query: QUERY, variables: { after: this.last } },
      {
        next: ({ data }) => {
          if (!data) return;
          this.last = data.orderEvents.sequence;
          this.listeners.forEach((listener) => listener(data.orderEvents));
        },
        error: (reason) => this.lost(reason),
        complete: () => this.lost(null),
      },
    );
  }

  private lost(reason: unknown): void {
    if (this.closed) return;
    if (reason instanceof CloseEvent && reason.code === NOT_ADMITTED) {
      this.refused("Your key does not hold any more. Sign in again.");
      return;
    }
    this.became("reconnecting");
    const told = toldBy(reason);
    // The log may have begun anew, and not reach the last event: from now on, then.
    if (told?.extensions?.code === "INVALID_INPUT") this.last = null;
    const wait = told
      ? LONGEST_WAIT_MS
      : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures++);
    this.timer = setTimeout(() => this.follow(), wait * (0.5 + Math.random() / 2));
  }

  private readonly hurry = (): void => {
    if (this.state !== "reconnecting" || document.visibilityState === "hidden") return;
    clearTimeout(this.timer);
    this.release();
    this.follow();
  };

  private became(state: LiveState): void {
    if (state === "live") this.failures = 0;
    if (state === this.state) return;
    this.state = state;
    this.watchers.forEach((watcher) => watcher());
  }
}

/** The first error of the operation itself, where it is not the socket that failed. */
function toldBy(reason: unknown): { extensions?: { code?: unknown } } | null {
  return Array.isArray(reason) ? (reason[0] as { extensions?: { code?: unknown } }) : null;
}

/** The socket. One whose pings stay unanswered is cut, as a sleeping laptop's would hang for long. */
function connect(credentials: Credentials, acknowledged: () => void): Client {
  let socket: WebSocket | undefined;
  let overdue: ReturnType<typeof setTimeout> | undefined;
  return createClient({
    url: liveEndpoint,
    connectionParams: headersOf(credentials),
    retryAttempts: 0,
    keepAlive: SILENCE_MS,
    on: {
      opened: (opened) => (socket = opened as WebSocket),
      connected: acknowledged,
      ping: (received) => {
        if (!received) overdue = setTimeout(() => socket?.close(4408, "no answer"), ANSWER_MS);
      },
      pong: (received) => {
        if (received) clearTimeout(overdue);
      },
      closed: () => clearTimeout(overdue),
    },
  });
}
