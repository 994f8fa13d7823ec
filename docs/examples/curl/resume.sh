#!/usr/bin/env bash
# Follows the orders of your account and misses nothing: ./resume.sh PLACE_FILE
# The file holds the sequence of the last event that was handled. However the connection ends, and
# if this program does, what happened in between comes first.
set -euo pipefail
source "${BASH_SOURCE%/*}/vouchergraph.sh"
place=$1

EVENTS='subscription Events($after: String!) {
  orderEvents(after: $after) { sequence type order { reference } }
}'
REFUSED=22 # curl's exit code for an HTTP status of 400 or more

# Your work. An end of this program between here and the file brings the event again.
handle() {
  local row
  row=$(pick data.orderEvents.{sequence,order.reference,type} <<<"$1")
  [[ $row == [0-9]* ]] || { echo "$1" >&2 && return 1; }
  echo "$row"
}

# The event stream: for every event a line "data: {...}" and a line "id: SEQUENCE", then a blank.
follow() {
  local line data='' sequence=''
  while IFS= read -r line; do
    case $line in
      'data: '*) data=${line#data: } ;;
      'id: '*) sequence=${line#id: } ;;
      '')
        [[ -z $data ]] || handle "$data" || return 1
        if [[ -n $sequence ]]; then
          echo "$sequence" >"$place.new"
          mv "$place.new" "$place" # whole or not at all
        fi
        data='' sequence=''
        ;;
    esac
  done
}

while true; do
  after=0 # begins with the first event of all
  [[ ! -e $place ]] || after=$(<"$place")
  body=$(printf '{"query": "%s", "variables": {"after": "%s"}}' "${EVENTS//$'\n'/ }" "$after")
  status=0
  # --retry heeds Retry-After where there are too many requests, or the service is starting.
  curl --silent --show-error --no-buffer --fail --retry 5 --keepalive-time 20 "$VOUCHERGRAPH_URL" \
    "${headers[@]}" --header 'Accept: text/event-stream' --header @<(credentials) --data "$body" |
    follow || status=$?
  ((status != REFUSED)) || exit 1
  echo "connecting again" >&2
  sleep $((RANDOM % 3 + 1)) # not all clients in the same second
done
