import { createContext, useCallback, useContext, useRef, useState, type ReactNode } from "react";

import { Icon } from "./icon";
import styles from "./toast.module.css";

type Say = (text: string, tone?: "good" | "bad") => void;

interface Said {
  id: number;
  text: string;
  tone: "good" | "bad";
}

const SHOWN_MS = 5000;
const Context = createContext<Say>(() => undefined);

/** Says shortly that something was done; also to screen readers. Never a secret. */
export function useToast(): Say {
  return useContext(Context);
}

export function ToastProvider({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState<Said[]>([]);
  const last = useRef(0);

  const say = useCallback<Say>((text, tone = "good") => {
    const id = ++last.current;
    setSaid((current) => [...current.slice(-2), { id, text, tone }]);
    setTimeout(() => setSaid((current) => current.filter((one) => one.id !== id)), SHOWN_MS);
  }, []);

  return (
    <Context value={say}>
      {children}
      <div className={styles.toasts} role="status" aria-live="polite">
        {said.map(({ id, text, tone }) => (
          <p key={id} className={`${styles.toast} ${styles[tone]}`}>
            <Icon name={tone === "good" ? "check" : "alert"} />
            {text}
          </p>
        ))}
      </div>
    </Context>
  );
}
