// What stands in the editors of the current tab.
import { getOperationAST, parse } from "graphql";

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

const kindOf = (query, name) => {
  let document;
  try {
    document = parse(query);
  } catch {
    throw new Error("The document has a syntax error.");
  }
  const operation = getOperationAST(document, name);
  if (!operation) throw new Error("There is no operation, or several: put the cursor into one.");
  return operation.operation;
};

// The operation and the headers beside it. Throws an Error in plain words.
export const written = ({ queryEditor, variableEditor, headerEditor }) => {
  const query = queryEditor?.getValue() ?? "";
  const operationName = queryEditor?.operationName || null;
  return {
    query,
    operationName,
    streams: kindOf(query, operationName) === "subscription",
    variables: parsed(variableEditor?.getValue(), "variables"),
    headers: parsed(headerEditor?.getValue(), "headers"),
  };
};
