import { useState, type FormEvent } from "react";

import { useAddToCart, type Added } from "../cart/adding";
import { graphql } from "../gql";
import type { AddToCartProductFragment } from "../gql/graphql";
import { Button, ButtonLink } from "../ui/button";
import { Card } from "../ui/card";
import { timesWhole } from "../ui/decimal";
import { ErrorNotice } from "../ui/error-notice";
import { formatMoney } from "../ui/money";
import { Notice } from "../ui/notice";
import { ProblemList, sentence } from "../ui/problem-list";
import { Stepper } from "../ui/stepper";
import { useToast } from "../ui/toast";
import styles from "./add-to-cart.module.css";
import { FaceValueField } from "./face-value-field";
import { chosenOf, faultOf, firstOf } from "./face-values";

export const AddToCartProduct = graphql(`
  fragment AddToCartProduct on Product {
    id
    name
    available
    denominations {
      ...DenominationParts
    }
  }
`);

/** A face value and a quantity, put into the cart. */
export function AddToCart({ product }: { product: AddToCartProductFragment }) {
  const { denominations } = product;
  const [faceValue, setFaceValue] = useState(() => firstOf(denominations));
  const [quantity, setQuantity] = useState(1);
  const [added, setAdded] = useState<Added | null>(null);
  const [touched, setTouched] = useState(false);
  const { add, busy } = useAddToCart();
  const say = useToast();

  const chosen = chosenOf(denominations, faceValue);
  const fault = faultOf(denominations, faceValue);

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setTouched(true);
    if (fault) return;
    const answer = await add({ productId: product.id, faceValue, quantity });
    setAdded(answer);
    if (answer.done) say(`${quantity} × ${formatMoney(chosen.faceValue, true)} added to the cart`);
  }

  return (
    <Card>
      <form className="stack stack-wide" onSubmit={(event) => void submit(event)} noValidate>
        <FaceValueField
          offered={denominations}
          value={faceValue}
          error={touched ? fault : null}
          onChange={(value) => {
            setFaceValue(value);
            setAdded(null);
          }}
        />
        <div className={styles.quantity}>
          <span>
            <span className="small strong soft">Quantity</span>
            {chosen.maxQuantity !== null && (
              <span className="small faint"> · at most {chosen.maxQuantity}</span>
            )}
          </span>
          <Stepper
            label="Quantity"
            value={quantity}
            max={chosen.maxQuantity}
            onChange={setQuantity}
          />
        </div>
        {chosen.price && (
          <p className={styles.total}>
            <span className="soft">
              {formatMoney(chosen.price)} × {quantity}
            </span>
            <span className={styles.sum}>
              {formatMoney({
                ...chosen.price,
                amount: timesWhole(chosen.price.amount, quantity),
              })}
            </span>
          </p>
        )}
        <Button
          look="primary"
          type="submit"
          wide
          icon="cart"
          busy={busy}
          disabled={!product.available}
        >
          {product.available ? "Add to cart" : "Not available now"}
        </Button>
        <p className="small faint">The cart confirms prices with the provider before you pay.</p>
      </form>
      {added && <Answer added={added} />}
    </Card>
  );
}

function Answer({ added }: { added: Added }) {
  return (
    <div className={styles.answer}>
      {added.error && <ErrorNotice error={added.error} what="The cart" />}
      <ProblemList problems={added.problems} />
      {added.warnings.map(({ message, code }) => (
        <Notice key={code} tone="warn" announce>
          {sentence(message)}
        </Notice>
      ))}
      {added.done && (
        <ButtonLink to="/cart" wide icon="arrowRight">
          Go to the cart
        </ButtonLink>
      )}
    </div>
  );
}
