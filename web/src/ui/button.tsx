import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link } from "wouter";

import styles from "./button.module.css";
import { Icon, type IconName } from "./icon";

type Look = "primary" | "plain" | "quiet" | "danger";

interface Shape {
  look?: Look;
  small?: boolean;
  wide?: boolean;
  icon?: IconName;
  children?: ReactNode;
}

export interface ButtonProps extends Shape, ButtonHTMLAttributes<HTMLButtonElement> {
  /** Something is under way: it cannot be pressed, and says so. */
  busy?: boolean;
}

/** What does something. A button without text needs `aria-label`. */
export function Button({ look, small, wide, icon, busy, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={classes({ look, small, wide, children })}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
    >
      {busy ? <span className={styles.spinner} aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** What goes somewhere, looking like a button. */
export function ButtonLink({ to, icon, children, ...shape }: Shape & { to: string }) {
  return (
    <Link to={to} className={classes({ ...shape, children })}>
      {icon && <Icon name={icon} />}
      {children}
    </Link>
  );
}

function classes({ look = "plain", small, wide, children }: Shape): string {
  const chosen = [styles.button, styles[look]];
  if (small) chosen.push(styles.small);
  if (wide) chosen.push(styles.wide);
  if (!children) chosen.push(styles.square);
  return chosen.join(" ");
}
