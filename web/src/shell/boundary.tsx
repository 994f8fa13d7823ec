import { Component, type ReactNode } from "react";

import { Button } from "../ui/button";
import { Card } from "../ui/card";
import { EmptyState } from "../ui/empty-state";

/** Keeps a page that breaks, or could not be loaded, from taking the rest with it. */
export class Boundary extends Component<
  { place: string; children: ReactNode },
  { broken: boolean }
> {
  override state = { broken: false };

  static getDerivedStateFromError() {
    return { broken: true };
  }

  override componentDidUpdate(before: { place: string }) {
    if (this.state.broken && before.place !== this.props.place) this.setState({ broken: false });
  }

  override render() {
    if (!this.state.broken) return this.props.children;
    return (
      <Card>
        <EmptyState
          icon="alert"
          title="This page could not be shown"
          action={
            <Button icon="refresh" onClick={() => location.reload()}>
              Load it again
            </Button>
          }
        >
          It may have been replaced by a newer version while you had it open.
        </EmptyState>
      </Card>
    );
  }
}
