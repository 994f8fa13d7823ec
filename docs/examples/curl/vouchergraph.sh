# What the programs beside this file share: one operation over HTTP, one value of its answer.
# Needs curl and python3.

# The credentials go to curl through a pipe: arguments can be read by everybody on a machine.
credentials() {
  printf 'X-API-Key: %s\nX-API-Secret: %s\n' "$VOUCHERGRAPH_KEY" "$VOUCHERGRAPH_SECRET"
}

headers=(--header 'Content-Type: application/json')

# ask QUERY [NAME=TEXT | NAME:=JSON]...: sends it with these variables; prints the whole answer.
# Fails with 75 when there was no answer or a temporary error, and it makes sense to try again.
ask() {
  python3 -c '
import json, sys
variables = {}
for given in sys.argv[2:]:
    name, value = given.split("=", 1)
    variables[name.rstrip(":")] = json.loads(value) if name.endswith(":") else value
json.dump({"query": sys.argv[1], "variables": variables}, sys.stdout)
' "$@" |
    curl --silent --show-error --max-time 30 "$VOUCHERGRAPH_URL" --data-binary @- \
      "${headers[@]}" --header @<(credentials) |
    python3 -c '
import json, sys
try:
    answer = json.load(sys.stdin)
except ValueError:
    sys.exit(75)
for error in answer.get("errors", []):
    code = error["extensions"]["code"]
    print(code, error["message"], sep=": ", file=sys.stderr)
    sys.exit(75 if code in {"RATE_LIMITED", "TIMEOUT", "UNAVAILABLE", "INTERNAL"} else 1)
json.dump(answer, sys.stdout)
'
}

# pick PATH...: values of the JSON on standard input, as in "pick data.order.status", with tabs
# between them. Text is printed as it is, null and what is missing as nothing, the rest as JSON.
pick() {
  python3 -c '
import json, sys
def at(value, path):
    for step in path.split("."):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (IndexError, KeyError, TypeError):
            return ""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
found = json.load(sys.stdin)
print(*(at(found, path) for path in sys.argv[1:]), sep="\t")
' "$@"
}
