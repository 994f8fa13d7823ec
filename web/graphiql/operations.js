// Which operation of a document is meant.
import { Kind, parse } from "graphql";

// The editor's facts are a moment behind its text: of the only operation it may still say the name
// of one that stood there before. Null where several are there and none has that name.
export const meant = (query, name) => {
  const operations = parse(query).definitions.filter(
    ({ kind }) => kind === Kind.OPERATION_DEFINITION,
  );
  if (operations.length === 1) return operations[0];
  return operations.find((operation) => name && operation.name?.value === name) ?? null;
};

export const nameOf = (operation) => operation.name?.value;
