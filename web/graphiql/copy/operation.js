// What stands in the editors of the current tab.
import { meant, nameOf } from "../operations.js";

const parsed = (text, what) => {
  if (!text?.trim()) return {};
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`The ${what} are not valid JSON.`);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new Error(`The ${what} are not a JSON object.`);
  }
  return value;
};

const operationIn = (query, name) => {
  let operation;
  try {
    operation = meant(query, name);
  } catch {
    throw new Error("The document has a syntax error.");
  }
  if (!operation) throw new Error("There is no operation, or several: put the cursor into one.");
  return operation;
};

// The operation and the headers beside it. Throws an Error in plain words.
export const written = ({ queryEditor, variableEditor, headerEditor }) => {
  const query = queryEditor?.getValue() ?? "";
  const operation = operationIn(query, queryEditor?.operationName);
  return {
    query,
    operationName: nameOf(operation),
    streams: operation.operation === "subscription",
    variables: parsed(variableEditor?.getValue(), "variables"),
    headers: parsed(headerEditor?.getValue(), "headers"),
  };
};
