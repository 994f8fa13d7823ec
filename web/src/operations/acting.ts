import { useState } from "react";
import { useMutation, type CombinedError, type TypedDocumentNode } from "urql";

import type { ProblemPartsFragment } from "../gql/graphql";

interface Payload {
  problems: readonly ProblemPartsFragment[];
}

/** What came of an act: its payload once it worked, else why not. */
export interface Answer<Result> {
  done: Result | null;
  problems: readonly ProblemPartsFragment[];
  error: CombinedError | null;
}

const NOTHING = { done: null, problems: [], error: null };

/** Carries out a mutation of one payload, which `payload` finds in the answer. */
export function useAct<Data, Variables extends object, Result extends Payload>(
  document: TypedDocumentNode<Data, Variables>,
  payload: (data: Data) => Result | null | undefined,
) {
  const [, run] = useMutation<Data, Variables>(document);
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<Answer<Result>>(NOTHING);

  async function act(variables: Variables): Promise<Answer<Result>> {
    setBusy(true);
    setAnswer(NOTHING);
    const { data, error } = await run(variables as Parameters<typeof run>[0]);
    const found = data ? payload(data) : null;
    const now = {
      done: found && found.problems.length === 0 ? found : null,
      problems: found?.problems ?? [],
      error: found ? null : (error ?? null),
    };
    setBusy(false);
    setAnswer(now);
    return now;
  }

  return {
    busy,
    problems: answer.problems,
    error: answer.error,
    act,
    forget: () => setAnswer(NOTHING),
  };
}
