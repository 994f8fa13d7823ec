import { useId, type FormEvent } from "react";

import type { FulfillmentResolution, ReviewItemFragment } from "../../gql/graphql";
import { Facts } from "../../ui/card";
import { TextField } from "../../ui/field";
import { Notice } from "../../ui/notice";
import { focusFirstWrong } from "../focus";
import { ReasonField, type useReason } from "../reason";
import { RESOLUTIONS, unfit, type Resolution } from "./resolutions";
import styles from "./review.module.css";

/** Which decision and why. What does not fit how the fulfillment stands cannot be chosen. */
export function DecisionForm({
  form,
  item,
  chosen,
  reason,
  orderId,
  asked,
  onChoose,
  onOrderId,
  onSubmit,
}: {
  form: string;
  item: ReviewItemFragment;
  chosen: FulfillmentResolution | null;
  reason: ReturnType<typeof useReason>;
  orderId: string;
  /** It was tried to go on: what is missing is shown. */
  asked: boolean;
  onChoose: (resolution: FulfillmentResolution) => void;
  onOrderId: (id: string) => void;
  onSubmit: () => void;
}) {
  return (
    <form
      id={form}
      className="stack"
      noValidate
      onSubmit={(event: FormEvent<HTMLFormElement>) => {
        event.preventDefault();
        focusFirstWrong(event.currentTarget);
        onSubmit();
      }}
    >
      <fieldset
        className={styles.choices}
        role="radiogroup"
        aria-required
        aria-invalid={asked && !chosen ? true : undefined}
      >
        <legend className="small soft">
          {item.total} × {item.line.productName} at {item.provider.displayName}. What is to be done?
        </legend>
        {RESOLUTIONS.map((resolution) => (
          <Choice
            key={resolution.value}
            resolution={resolution}
            why={unfit(resolution.value, item)}
            checked={chosen === resolution.value}
            onChoose={onChoose}
          />
        ))}
      </fieldset>
      {asked && !chosen && <Notice tone="bad" title="Choose what is to be done." announce />}
      {chosen === "LINK_PROVIDER_ORDER" && (
        <TextField
          label="Provider's order id"
          hint={`As ${item.provider.displayName} knows it.`}
          maxLength={100}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          required
          value={orderId}
          error={asked && !orderId.trim() && "Which order of the provider is it?"}
          onChange={(event) => onOrderId(event.target.value)}
        />
      )}
      <ReasonField reason={reason} />
    </form>
  );
}

function Choice({
  resolution: { value, label, meaning },
  why,
  checked,
  onChoose,
}: {
  resolution: Resolution;
  why: string | null;
  checked: boolean;
  onChoose: (resolution: FulfillmentResolution) => void;
}) {
  const id = useId();
  return (
    <div className={why ? `${styles.choice} ${styles.unfit}` : styles.choice}>
      <input
        id={id}
        type="radio"
        name="resolution"
        checked={checked}
        disabled={why !== null}
        aria-describedby={`${id}-meaning`}
        onChange={() => onChoose(value)}
      />
      <label htmlFor={id}>{label}</label>
      <p id={`${id}-meaning`} className={styles.meaning}>
        {why ?? meaning}
      </p>
    </div>
  );
}

/** The decision once more, and what it does. */
export function Confirmation({
  item,
  resolution,
  orderId,
  reason,
}: {
  item: ReviewItemFragment;
  resolution: Resolution;
  orderId: string | null;
  reason: string;
}) {
  return (
    <>
      <Notice tone={resolution.grave ? "warn" : "info"} title={resolution.effect(item)}>
        {resolution.grave && "This cannot be taken back."}
      </Notice>
      <Facts
        facts={[
          [
            "Fulfillment",
            <span key="ours" className="mono">
              {item.reference}
            </span>,
          ],
          ["Provider", item.provider.displayName],
          ["Provider's order", orderId && <span className="mono">{orderId}</span>],
          ["Reason", reason],
        ]}
      />
    </>
  );
}
