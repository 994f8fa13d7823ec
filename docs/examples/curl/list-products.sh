#!/usr/bin/env bash
# Lists what can be bought, page by page: ./list-products.sh [WORDS]
# One line for each product: id, provider, name, currency, face values.
set -euo pipefail
source "${BASH_SOURCE%/*}/vouchergraph.sh"

PRODUCTS='query Products($words: String, $after: String) {
  products(first: 50, after: $after, filter: {search: $words, available: true}, sort: NAME) {
    nodes {
      id
      name
      currency
      provider { name }
      denominations {
        ... on FixedDenominations { values { faceValue { amount } } }
        ... on DenominationRange { min { amount } max { amount } }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}'

after=
while true; do
  answer=$(ask "$PRODUCTS" ${1:+"words=$*"} ${after:+"after=$after"})
  python3 -c '
import json, sys
for product in json.load(sys.stdin)["data"]["products"]["nodes"]:
    sold = product["denominations"]
    if "values" in sold:
        amounts = " ".join(value["faceValue"]["amount"] for value in sold["values"])
    else:
        amounts = sold["min"]["amount"] + " to " + sold["max"]["amount"]
    name, currency = product["name"], product["currency"]
    print(product["id"], product["provider"]["name"], name, currency, amounts, sep="\t")
' <<<"$answer"
  [[ $(pick data.products.pageInfo.hasNextPage <<<"$answer") == true ]] || break
  after=$(pick data.products.pageInfo.endCursor <<<"$answer")
done
