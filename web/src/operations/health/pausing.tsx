import { useState, type FormEvent } from "react";

import { graphql } from "../../gql";
import type { ProviderCardFragment } from "../../gql/graphql";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { ErrorNotice } from "../../ui/error-notice";
import { ProblemList } from "../../ui/problem-list";
import { useToast } from "../../ui/toast";
import { useAct } from "../acting";
import { focusFirstWrong } from "../focus";
import { ReasonField, useReason } from "../reason";

const pauseMutation = graphql(`
  mutation PauseProvider($input: ProviderPauseInput!) {
    providerPause(input: $input) {
      provider {
        ...ProviderCard
      }
      problems {
        ...ProblemParts
      }
    }
  }
`);

const resumeMutation = graphql(`
  mutation ResumeProvider($input: ProviderResumeInput!) {
    providerResume(input: $input) {
      provider {
        ...ProviderCard
      }
      problems {
        ...ProblemParts
      }
    }
  }
`);

interface Part {
  provider: ProviderCardFragment;
  onClose: () => void;
  onChanged: () => void;
}

/** Stops buying at a provider, with the reason that the audit chain keeps. */
export function PauseDialog({ provider: { name, displayName }, onClose, onChanged }: Part) {
  const say = useToast();
  const reason = useReason();
  const { busy, problems, error, act } = useAct(pauseMutation, (data) => data.providerPause);
  const [form] = useState(() => `pause-${name}`);

  async function pause(): Promise<void> {
    if (!reason.check()) return;
    const { done } = await act({ input: { provider: name, reason: reason.value.trim() } });
    if (!done) return;
    say(`${displayName} is paused`);
    onChanged();
    onClose();
  }

  return (
    <Dialog
      title={`Pause ${displayName}?`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="danger" type="submit" form={form} busy={busy}>
            Pause {displayName}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="stack"
        noValidate
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          focusFirstWrong(event.currentTarget);
          void pause();
        }}
      >
        <p>
          Nothing more is sent to {displayName}, for any account. What is ordered there meanwhile
          waits, with its money held. Orders that {displayName} has already are followed as before.
        </p>
        <ReasonField reason={reason} />
        <ProblemList problems={problems} onRetry={() => void pause()} busy={busy} />
        {error && <ErrorNotice error={error} what="It" onRetry={() => void pause()} />}
      </form>
    </Dialog>
  );
}

/** Buys at a provider again. */
export function ResumeDialog({ provider: { name, displayName }, onClose, onChanged }: Part) {
  const say = useToast();
  const { busy, problems, error, act } = useAct(resumeMutation, (data) => data.providerResume);

  async function resume(): Promise<void> {
    const { done } = await act({ input: { provider: name } });
    if (!done) return;
    say(`${displayName} is bought from again`);
    onChanged();
    onClose();
  }

  return (
    <Dialog
      title={`Resume ${displayName}?`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" busy={busy} onClick={() => void resume()}>
            Resume {displayName}
          </Button>
        </>
      }
    >
      <p>Orders are sent to {displayName} again, first what has waited.</p>
      <ProblemList problems={problems} onRetry={() => void resume()} busy={busy} />
      {error && <ErrorNotice error={error} what="It" onRetry={() => void resume()} />}
    </Dialog>
  );
}
