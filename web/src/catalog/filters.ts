import type { ProductFilter, ProductSort, VoucherType } from "../gql/graphql";
import { isDecimal } from "../ui/decimal";

/** What the address says is to be listed. */
export interface Wanted {
  search: string;
  provider: string[];
  country: string[];
  currency: string[];
  type: string[];
  min: string;
  max: string;
  available: boolean;
  sort: string;
}

const LISTS = ["provider", "country", "currency", "type"] as const;
const SORTS: readonly string[] = ["NAME", "BRAND", "DISCOUNT"] satisfies ProductSort[];
const TYPES: readonly string[] = [
  "CODE",
  "CODE_WITH_PIN",
  "URL",
  "URL_WITH_PIN",
] satisfies VoucherType[];

export function readWanted(params: URLSearchParams): Wanted {
  const list = (name: string) => params.get(name)?.split(",").filter(Boolean) ?? [];
  const decimal = (name: string) => {
    const text = params.get(name) ?? "";
    return isDecimal(text) ? text : "";
  };
  const sort = params.get("sort") ?? "";
  return {
    search: params.get("search") ?? "",
    provider: list("provider"),
    country: list("country"),
    currency: list("currency"),
    type: list("type").filter((type) => TYPES.includes(type)),
    min: decimal("min"),
    max: decimal("max"),
    available: params.get("available") === "yes",
    sort: SORTS.includes(sort) ? sort : "",
  };
}

/** The address for another list: from its first page on. */
export function writeWanted(wanted: Wanted): URLSearchParams {
  const params = new URLSearchParams();
  const put = (name: string, value: string) => value && params.set(name, value);
  put("search", wanted.search);
  LISTS.forEach((name) => put(name, wanted[name].join(",")));
  put("min", wanted.min);
  put("max", wanted.max);
  put("available", wanted.available ? "yes" : "");
  put("sort", wanted.sort);
  return params;
}

export function filterOf(wanted: Wanted): ProductFilter {
  const list = (values: string[]) => (values.length ? values : null);
  return {
    search: wanted.search || null,
    provider: list(wanted.provider),
    country: list(wanted.country),
    currency: list(wanted.currency),
    voucherType: list(wanted.type) as VoucherType[] | null,
    minFaceValue: wanted.min || null,
    maxFaceValue: wanted.max || null,
    available: wanted.available || null,
  };
}

export function sortOf(wanted: Wanted): ProductSort | null {
  return (wanted.sort || null) as ProductSort | null;
}

/** How many filters narrow the list; the search is not counted. */
export function countOf(wanted: Wanted): number {
  const lists = LISTS.filter((name) => wanted[name].length > 0).length;
  return lists + (wanted.min || wanted.max ? 1 : 0) + (wanted.available ? 1 : 0);
}

export function without(wanted: Wanted): Wanted {
  return { ...readWanted(new URLSearchParams()), search: wanted.search, sort: wanted.sort };
}
