import type { Client, CombinedError } from "urql";

import { graphql } from "../gql";
import type { RevealQuery } from "../gql/graphql";
import { headersOf, type Credentials } from "../session/credentials";
import { asHeader } from "./purpose";

const revealQuery = graphql(`
  query Reveal($id: ID!, $code: Boolean!, $pin: Boolean!, $link: Boolean!) {
    voucher(id: $id) {
      id
      code @include(if: $code)
      pin @include(if: $pin)
      claimUrl @include(if: $link)
      referenceNumber
    }
  }
`);

/** One opened value. */
export interface Secret {
  name: "Code" | "PIN" | "Claim link" | "Reference number";
  value: string;
  link?: boolean;
}

export type Answer =
  { secrets: Secret[]; error?: undefined } | { secrets?: undefined; error: CombinedError | null };

/** Opens one voucher: only the fields that its type has. What is read is kept nowhere but in the
 * answer. An error of null: there is no such voucher any more.
 */
export async function reveal(
  client: Client,
  credentials: Credentials,
  voucher: { id: string; type: string },
  purpose: string,
): Promise<Answer> {
  const headers = { ...headersOf(credentials), "X-Purpose": asHeader(purpose) };
  const { data, error } = await client
    .query(
      revealQuery,
      { id: voucher.id, ...fieldsOf(voucher.type) },
      { fetchOptions: { headers, cache: "no-store" } },
    )
    .toPromise();
  if (error) return { error };
  return data?.voucher ? { secrets: secretsOf(data.voucher) } : { error: null };
}

/** Which fields a type has; all of them where the type is not known here. */
export function fieldsOf(type: string): { code: boolean; pin: boolean; link: boolean } {
  switch (type) {
    case "CODE":
      return { code: true, pin: false, link: false };
    case "CODE_WITH_PIN":
      return { code: true, pin: true, link: false };
    case "URL":
      return { code: false, pin: false, link: true };
    case "URL_WITH_PIN":
      return { code: false, pin: true, link: true };
    default:
      return { code: true, pin: true, link: true };
  }
}

function secretsOf(voucher: NonNullable<RevealQuery["voucher"]>): Secret[] {
  const found: Secret[] = [];
  const { code, pin, claimUrl, referenceNumber } = voucher;
  if (claimUrl) found.push({ name: "Claim link", value: claimUrl, link: true });
  if (code) found.push({ name: "Code", value: code });
  if (pin) found.push({ name: "PIN", value: pin });
  if (referenceNumber) found.push({ name: "Reference number", value: referenceNumber });
  return found;
}

/** Whether a link may be followed: nothing but the web's own schemes. */
export function followable(link: string): boolean {
  try {
    return ["https:", "http:"].includes(new URL(link).protocol);
  } catch {
    return false;
  }
}
