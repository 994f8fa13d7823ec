import type { ProblemPartsFragment, RecipientInput } from "../gql/graphql";
import { Button } from "../ui/button";
import { Card } from "../ui/card";
import { TextField } from "../ui/field";
import { Notice } from "../ui/notice";
import { sentence } from "../ui/problem-list";

export interface Typed {
  name: string;
  email: string;
  phone: string;
}

export const NOBODY: Typed = { name: "", email: "", phone: "" };

/** Whether the service asks for a recipient, or finds fault with the one it got. Where a product
 * demands one, the order is refused as a whole: the cart's id is what is wrong then.
 */
export function asksForRecipient(problems: readonly ProblemPartsFragment[]): boolean {
  return problems.some(
    ({ code, path }) =>
      path?.includes("recipient") || (code === "INVALID_INPUT" && path?.at(-1) === "cartId"),
  );
}

export function recipientOf({ name, email, phone }: Typed): RecipientInput | null {
  if (!name && !email && !phone) return null;
  return { name, email, phone: phone || null };
}

/** Whom the provider is told about; only some providers want to know. */
export function RecipientForm({
  open,
  onOpen,
  typed,
  onType,
  problems,
}: {
  open: boolean;
  onOpen: (open: boolean) => void;
  typed: Typed;
  onType: (typed: Typed) => void;
  problems: readonly ProblemPartsFragment[];
}) {
  if (!open) {
    return (
      <Card
        title="Recipient"
        actions={
          <Button small onClick={() => onOpen(true)}>
            Name one
          </Button>
        }
      >
        <p className="small soft">
          Few products need one. If yours does, you are told before anything is bought.
        </p>
      </Card>
    );
  }
  const field = (part: keyof Typed) => ({
    value: typed[part],
    error: faultOf(problems, part),
    onChange: (event: { target: { value: string } }) =>
      onType({ ...typed, [part]: event.target.value }),
  });
  return (
    <Card
      title="Recipient"
      actions={
        <Button
          look="quiet"
          small
          onClick={() => {
            onType(NOBODY);
            onOpen(false);
          }}
        >
          Leave out
        </Button>
      }
    >
      <div className="stack">
        {asksForRecipient(problems) && (
          <Notice announce>
            The provider wants to know whom this is for, with a phone number in most cases. Fill it
            in, and order again.
          </Notice>
        )}
        <TextField label="Name" autoComplete="off" required maxLength={100} {...field("name")} />
        <TextField label="E-mail" type="email" autoComplete="off" required {...field("email")} />
        <TextField
          label="Phone"
          type="tel"
          autoComplete="off"
          hint="With its country, such as +919812345678; only where the product demands it"
          {...field("phone")}
        />
      </div>
    </Card>
  );
}

function faultOf(problems: readonly ProblemPartsFragment[], part: string): string | null {
  const found = problems.find(({ path }) => path?.includes("recipient") && path.at(-1) === part);
  return found ? sentence(found.message) : null;
}
