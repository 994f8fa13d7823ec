import { Link, useLocation } from "wouter";

import { useCart } from "../cart/cart-store";
import { useRights } from "../session/session";
import { Icon, type IconName } from "../ui/icon";
import styles from "./navigation.module.css";

interface Place {
  to: string;
  label: string;
  icon: IconName;
  /** The paths that belong to it. */
  paths: string[];
  count?: number;
}

/** The parts of the console that the signed-in client may use: tabs below on a narrow screen. */
export function Navigation() {
  const [location] = useLocation();
  return (
    <nav className={styles.nav} aria-label="Main">
      <ul className={styles.list}>
        {usePlaces().map((place) => (
          <li key={place.to}>
            <Link
              to={place.to}
              className={styles.link}
              aria-current={holds(place, location) ? "page" : undefined}
            >
              <span className={styles.icon}>
                <Icon name={place.icon} size={20} />
              </span>
              <span>{place.label}</span>
              {place.count ? (
                <span className={styles.count}>
                  {place.count}
                  <span className="sr-only"> in it</span>
                </span>
              ) : null}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function usePlaces(): Place[] {
  const rights = useRights();
  const { quantity } = useCart();
  const places: (Place | false)[] = [
    rights.catalog && { to: "/", label: "Catalog", icon: "grid", paths: ["/", "/products"] },
    rights.cart && {
      to: "/cart",
      label: "Cart",
      icon: "cart",
      paths: ["/cart", "/checkout"],
      count: quantity,
    },
    rights.orders && { to: "/orders", label: "Orders", icon: "receipt", paths: ["/orders"] },
    // Without the operations proper it holds the account's own wallet and audit.
    (rights.operations || rights.wallet || rights.audit) && {
      to: "/operations",
      label: rights.operations ? "Operations" : "Account",
      icon: rights.operations ? "gauge" : "wallet",
      paths: ["/operations"],
    },
  ];
  return places.filter((place) => place !== false);
}

function holds({ paths }: Place, location: string): boolean {
  return paths.some(
    (path) => location === path || (path !== "/" && location.startsWith(`${path}/`)),
  );
}
