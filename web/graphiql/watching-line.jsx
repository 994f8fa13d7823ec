import { useSyncExternalStore } from "react";
import { listen, watching } from "./watching.js";

const WORDS = { connecting: "Connecting…", listening: "Listening", ended: "Ended" };
const plural = (count) => `${count} ${count === 1 ? "event" : "events"}`;

// Below the answer, while or after a subscription ran: its state, and all that it told.
export const WatchingLine = () => {
  const { state, count, events, ended } = useSyncExternalStore(listen, watching);
  if (state === "none") return null;
  return (
    <section className="vg-watching" aria-label="Subscription">
      <p role="status" data-state={state}>
        {WORDS[state]} · {plural(count)}
        {state === "ended" && ended ? ` · ${ended}` : ""}
      </p>
      {count > 0 && (
        <details>
          <summary>Events, newest first</summary>
          <ol tabIndex={0} aria-label="Events">
            {events.map(({ number, at, text }) => (
              <li key={number} value={number}>
                <time dateTime={at.toISOString()}>{at.toLocaleTimeString()}</time>{" "}
                <code>{text}</code>
              </li>
            ))}
          </ol>
        </details>
      )}
    </section>
  );
};
