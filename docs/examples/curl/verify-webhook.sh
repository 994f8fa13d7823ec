#!/usr/bin/env bash
# Verifies a webhook that another program took: ./verify-webhook.sh HEADERS_FILE HANDLED_FILE <BODY
# The headers are lines "name: value", the body is as it came. VOUCHERGRAPH_WEBHOOK_SECRET is the
# endpoint's whsec_...
# Prints the message and remembers its id in HANDLED_FILE. Fails with 1 when it is not genuine, with
# 2 when it was handled before: then answer it with 2xx all the same, and do nothing.
set -euo pipefail

# In Python, since a shell compares no text in constant time.
VERIFY='
import base64, hmac, os, sys, time
headers = {}
for line in open(sys.argv[1], encoding="latin-1"):
    name, colon, value = line.partition(":")
    headers[name.strip().lower()] = value.strip()
id, sent = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
body = sys.stdin.buffer.read()
if not id or not sent.isdecimal() or abs(time.time() - int(sent)) > 300:
    sys.exit("it was sent too long ago, or a clock is wrong, or a header is missing")
key = base64.b64decode(os.environ["VOUCHERGRAPH_WEBHOOK_SECRET"].removeprefix("whsec_"))
digest = hmac.digest(key, f"{id}.{sent}.".encode() + body, "sha256")
expected = b"v1," + base64.b64encode(digest)
given = headers.get("webhook-signature", "").split()
if not any(hmac.compare_digest(expected, one.encode()) for one in given):
    sys.exit("the signature does not fit")
if os.path.exists(sys.argv[2]) and id in open(sys.argv[2]).read().split():
    sys.exit(2)
sys.stdout.buffer.write(body + b"\n")
with open(sys.argv[2], "a") as handled:
    print(id, file=handled)
'
python3 -c "$VERIFY" "$1" "$2"
