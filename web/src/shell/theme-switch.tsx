import { Icon, type IconName } from "../ui/icon";
import { useTheme, type Theme } from "./theme";
import styles from "./theme-switch.module.css";

const CHOICES: [Theme, IconName, string][] = [
  ["light", "sun", "Light"],
  ["auto", "monitor", "As the system"],
  ["dark", "moon", "Dark"],
];

/** Light, dark, or as the system has it. */
export function ThemeSwitch() {
  const [theme, choose] = useTheme();
  return (
    <fieldset className={styles.switch}>
      <legend className="sr-only">Theme</legend>
      {CHOICES.map(([value, icon, label]) => (
        <label key={value} className={styles.choice} title={label}>
          <input
            type="radio"
            name="theme"
            className="sr-only"
            checked={theme === value}
            onChange={() => choose(value)}
          />
          <Icon name={icon} size={16} />
          <span className="sr-only">{label}</span>
        </label>
      ))}
    </fieldset>
  );
}
