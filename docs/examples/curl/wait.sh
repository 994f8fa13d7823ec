#!/usr/bin/env bash
# Waits until nothing more is expected of an order: ./wait.sh ORDER_ID
# Prints its events as they come, and at the end: status, units delivered, units that failed.
set -euo pipefail
source "${BASH_SOURCE%/*}/vouchergraph.sh"

ORDER='query Order($id: ID!) {
  order(by: {id: $id}) {
    status
    settled
    lastSequence
    lines { delivered failed }
  }
}'
EVENTS='query Events($after: String!) {
  orderEvents(first: 100, after: $after) {
    nodes { type status order { id } }
    pageInfo { hasNextPage endCursor }
  }
}'

# again QUERY VARIABLES...: asks until there is an answer.
again() {
  until ask "$@"; do
    (($? == 75)) || return 1
    sleep 2
  done
}

after=
while true; do
  order=$(again "$ORDER" id="$1")
  [[ -n $(pick data.order <<<"$order") ]] || { echo "There is no such order." >&2 && exit 1; }
  # From the last event in the first answer: nothing can happen unseen between the two.
  after=${after:-$(pick data.order.lastSequence <<<"$order")}
  while true; do
    events=$(again "$EVENTS" after="$after")
    python3 -c '
import json, sys
for event in json.load(sys.stdin)["data"]["orderEvents"]["nodes"]:
    if event["order"]["id"] == sys.argv[1]:
        print(event["type"], event["status"], sep="\t")
' "$1" <<<"$events"
    place=$(pick data.orderEvents.pageInfo.endCursor <<<"$events")
    after=${place:-$after}
    [[ $(pick data.orderEvents.pageInfo.hasNextPage <<<"$events") == true ]] || break
  done
  [[ $(pick data.order.settled <<<"$order") != true ]] || break
  sleep 2
done
python3 -c '
import json, sys
order = json.load(sys.stdin)["data"]["order"]
units = [sum(line[name] for line in order["lines"]) for name in ("delivered", "failed")]
print(order["status"], *units, sep="\t")
' <<<"$order"
