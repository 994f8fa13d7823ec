import assert from "node:assert/strict";
import test from "node:test";
import { meant, nameOf } from "./operations.js";

const TWO = "query One { a } mutation Two { b } fragment Three on Query { c }";

test("the only operation is meant by whatever name", () => {
  assert.equal(nameOf(meant("query One { a }", "Before")), "One");
  assert.equal(nameOf(meant("{ a }", "Before")), undefined);
  assert.equal(meant("subscription { a }").operation, "subscription");
});

test("of several the one of that name is meant, or none", () => {
  assert.equal(meant(TWO, "Two").operation, "mutation");
  assert.equal(meant(TWO, "Three"), null);
  assert.equal(meant(`${TWO} { d }`, undefined), null);
  assert.equal(meant("fragment Three on Query { c }"), null);
});
