import { useSyncExternalStore } from "react";

export type Theme = "auto" | "light" | "dark";

const PLACE = "vouchergraph.theme";
const watchers = new Set<() => void>();
let current: Theme = kept();

/** Puts the kept theme on the page; before anything is drawn. */
export function applyTheme(): void {
  if (current === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = current;
}

/** The chosen theme; "auto" follows the system. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(watch, () => current);
  return [theme, choose];
}

function choose(theme: Theme): void {
  current = theme;
  if (theme === "auto") localStorage.removeItem(PLACE);
  else localStorage.setItem(PLACE, theme);
  applyTheme();
  watchers.forEach((watcher) => watcher());
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

function kept(): Theme {
  const theme = localStorage.getItem(PLACE);
  return theme === "light" || theme === "dark" ? theme : "auto";
}
