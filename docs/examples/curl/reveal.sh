#!/usr/bin/env bash
# Prints the codes of an order's vouchers: ./reveal.sh ORDER_ID PURPOSE
# They are secrets, and worth money. Print them nowhere but here, and keep them out of logs. Each
# reveal is recorded with its purpose.
# One line for each voucher: face value, last day, code, PIN, link.
set -euo pipefail
source "${BASH_SOURCE%/*}/vouchergraph.sh"

REVEAL='query Reveal($id: ID!, $after: String) {
  order(by: {id: $id}) {
    vouchers(first: 100, after: $after) {
      nodes { faceValue { amount currency } expiresOn code pin claimUrl }
      pageInfo { hasNextPage endCursor }
    }
  }
}'

headers+=(--header "X-Purpose: $2")
after=
while true; do
  answer=$(ask "$REVEAL" id="$1" ${after:+"after=$after"})
  [[ -n $(pick data.order <<<"$answer") ]] || { echo "There is no such order." >&2 && exit 1; }
  python3 -c '
import json, sys
for voucher in json.load(sys.stdin)["data"]["order"]["vouchers"]["nodes"]:
    value = voucher["faceValue"]
    secrets = [voucher[name] or "" for name in ("code", "pin", "claimUrl")]
    last_day = voucher["expiresOn"] or "never"
    print(value["amount"], value["currency"], last_day, *secrets, sep="\t")
' <<<"$answer"
  [[ $(pick data.order.vouchers.pageInfo.hasNextPage <<<"$answer") == true ]] || break
  after=$(pick data.order.vouchers.pageInfo.endCursor <<<"$answer")
done
