import { useSession } from "../session/session";
import { Button } from "../ui/button";
import { Disclosure } from "../ui/disclosure";
import { Icon } from "../ui/icon";
import styles from "./account-menu.module.css";
import { ThemeSwitch } from "./theme-switch";

/** Who is signed in, the theme, and the way out. */
export function AccountMenu() {
  const { viewer, signOut } = useSession();
  return (
    <Disclosure
      align="end"
      className={styles.button}
      button={
        <>
          <span className={styles.face} aria-hidden="true">
            {viewer.accountName.slice(0, 1).toUpperCase()}
          </span>
          <span className="sr-only">Account {viewer.accountName}</span>
          <span className={styles.name} aria-hidden="true">
            {viewer.accountName}
          </span>
          <Icon name="chevronDown" size={16} />
        </>
      }
    >
      {() => (
        <div className={styles.panel}>
          <div>
            <p className="strong">{viewer.accountName}</p>
            <p className={`mono faint ${styles.actor}`}>{viewer.actor}</p>
          </div>
          <div className={styles.theme}>
            <span className="soft">Theme</span>
            <ThemeSwitch />
          </div>
          <Button icon="signOut" wide onClick={() => signOut()}>
            Sign out
          </Button>
        </div>
      )}
    </Disclosure>
  );
}
