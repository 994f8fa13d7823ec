#!/usr/bin/env bash
# Buys vouchers, once: ./buy.sh PURCHASE PRODUCT_ID FACE_VALUE QUANTITY
# PURCHASE is your own number for it. Run it again after a crash or with a problem put right: as
# long as PURCHASE.json is there, it is the same purchase and nothing is bought twice.
# Prints the order: id, reference, status.
set -euo pipefail
source "${BASH_SOURCE%/*}/vouchergraph.sh"
purchase=$1.json

CART='mutation Cart($product: ID!, $faceValue: Decimal!, $quantity: Int!) {
  cartCreate(input: {lines: [{productId: $product, faceValue: $faceValue, quantity: $quantity}]}) {
    cart { id totals { price { amount currency } } warnings { message } }
    problems { code message }
  }
}'
PLACE='mutation Place($input: OrderPlaceInput!) {
  orderPlace(input: $input) {
    order { id reference status }
    problems { code message retry outcome retryAfterMs }
  }
}'

# give_up ADVICE: says what was wrong, and what to do.
give_up() {
  echo "$(pick code <<<"$problem"): $(pick message <<<"$problem"). $1" >&2
  exit 1
}

# Fill a cart, and keep what will be ordered, at most at the price shown now. The key is kept
# before its first use: after a crash the next run must know it.
if [[ ! -e $purchase ]]; then
  answer=$(ask "$CART" product="$2" faceValue="$3" quantity:="$4")
  problem=$(pick data.cartCreate.problems.0 <<<"$answer")
  [[ -z $problem ]] || give_up "Nothing was bought."
  python3 -c '
import json, sys, uuid
cart = json.load(sys.stdin)["data"]["cartCreate"]["cart"]
for warning in cart["warnings"]:
    print(warning["message"], file=sys.stderr)
most = [total["price"] for total in cart["totals"]]
key = str(uuid.uuid4())
json.dump({"cartId": cart["id"], "maxTotals": most, "idempotencyKey": key}, sys.stdout)
' <<<"$answer" >"$purchase.new"
  mv "$purchase.new" "$purchase"
fi

for wait in 1 2 4 8 16; do
  if answer=$(ask "$PLACE" input:="$(<"$purchase")"); then
    problem=$(pick data.orderPlace.problems.0 <<<"$answer")
    if [[ -z $problem ]]; then
      pick data.orderPlace.order.{id,reference,status} <<<"$answer"
      exit
    fi
    IFS=$'\t' read -r retry outcome after <<<"$(pick retry outcome retryAfterMs <<<"$problem")"
    case $retry/$outcome in
      AFTER/*) wait=$(((${after:-1000} + 999) / 1000)) ;;
      SAME_KEY/UNKNOWN) ;;
      SAME_KEY/*) give_up "Put that right and run this again." ;;
      NEW_KEY/*)
        rm "$purchase"
        give_up "Put that right and run this again: it will be a new purchase."
        ;;
      *) give_up "Repeating it does not help." ;;
    esac
  elif (($? != 75)); then
    exit 1
  fi
  # No answer means that it may have been ordered: only the same key is safe now.
  sleep "$wait"
done
echo "It is not known yet whether it was ordered. Run this again." >&2
exit 1
