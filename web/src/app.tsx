import { lazy, Suspense } from "react";
import { Redirect, Route, Router, Switch, useLocation } from "wouter";

import { CartProvider } from "./cart/cart-store";
import { CartPage } from "./cart/cart-page";
import { CheckoutPage } from "./cart/checkout-page";
import { CatalogPage } from "./catalog/catalog-page";
import { ProductPage } from "./catalog/product-page";
import { LiveProvider } from "./session/live";
import { SessionProvider, useRights, useStanding } from "./session/session";
import { SignIn } from "./session/sign-in";
import { Shell } from "./shell/shell";
import { Boundary } from "./shell/boundary";
import { Opening, OpeningFailed } from "./shell/opening";
import { ButtonLink } from "./ui/button";
import { Card } from "./ui/card";
import { EmptyState } from "./ui/empty-state";
import { Page, Skeleton } from "./ui/page";
import { ToastProvider } from "./ui/toast";

const Orders = lazy(() => import("./orders"));
const Operations = lazy(() => import("./operations"));

/** Sign-in, or the console for who is signed in. */
export function App() {
  const { standing, signIn, signOut } = useStanding();
  switch (standing.phase) {
    case "signed-out":
      return <SignIn busy={false} onSignIn={signIn} {...(standing.why && { why: standing.why })} />;
    case "opening":
      return <Opening />;
    case "failed":
      return (
        <OpeningFailed
          error={standing.error}
          onRetry={() => signIn({ ...standing.credentials })}
          onSignOut={() => signOut()}
        />
      );
    case "open":
      return (
        <SessionProvider session={standing.session} client={standing.client}>
          <LiveProvider>
            <CartProvider>
              <ToastProvider>
                <Router base="/console">
                  <Shell>
                    <Pages />
                  </Shell>
                </Router>
              </ToastProvider>
            </CartProvider>
          </LiveProvider>
        </SessionProvider>
      );
  }
}

function Pages() {
  const rights = useRights();
  const [location] = useLocation();
  return (
    <Boundary place={location}>
      <Suspense fallback={<Waiting />}>
        <Switch>
          <Route path="/">{rights.catalog ? <CatalogPage /> : <Redirect to="/orders" />}</Route>
          <Route path="/products/:id">{({ id }) => <ProductPage key={id} id={id} />}</Route>
          <Route path="/cart">{rights.cart ? <CartPage /> : <Redirect to="/" />}</Route>
          <Route path="/checkout" component={CheckoutPage} />
          <Route path="/orders/*?" component={Orders} />
          <Route path="/operations/*?" component={Operations} />
          <Route component={NotFound} />
        </Switch>
      </Suspense>
    </Boundary>
  );
}

function Waiting() {
  return (
    <div style={{ padding: "var(--space-7) var(--gutter)", maxWidth: "var(--page)" }}>
      <Skeleton lines={4} />
    </div>
  );
}

function NotFound() {
  return (
    <Page title="Nothing here">
      <Card>
        <EmptyState
          icon="search"
          title="There is no such page"
          action={<ButtonLink to="/">Go to the start</ButtonLink>}
        >
          The address may be mistyped, or the page has gone.
        </EmptyState>
      </Card>
    </Page>
  );
}
