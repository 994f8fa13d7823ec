import { useState } from "react";
import { requestHeaders } from "../headers.js";
import { endpoint } from "../page.js";
import { CopyDialog } from "./copy-dialog.jsx";
import { WITHOUT_SESSION, curlCommand } from "./curl.js";

const NOTE = "Set these variables in your shell before: ";
const WARNING = "Whoever sees this command can act with your key.";

export const CurlDialog = ({ operation, problem, credentials, onClose }) => {
  const [real, setReal] = useState(false);
  return (
    <CopyDialog
      title="Copy as curl"
      label="Command"
      text={problem ? "" : commandOf(operation, credentials, real)}
      problem={problem}
      note={real ? WARNING : NOTE + (credentials?.token ? "TOKEN." : "KEY and SECRET.")}
      onClose={onClose}
    >
      {credentials && (
        <label className="vg-check">
          <input type="checkbox" checked={real} onChange={() => setReal(!real)} />
          Include my real {credentials.token ? "token" : "key and secret"}
        </label>
      )}
    </CopyDialog>
  );
};

const commandOf = ({ query, variables, operationName, streams, headers }, credentials, real) => {
  const sent = requestHeaders(credentials, headers);
  const body = { query, variables, ...(operationName ? { operationName } : {}) };
  return curlCommand({
    url: endpoint.href,
    headers: credentials ? sent : { ...WITHOUT_SESSION, ...sent },
    body,
    streams,
    real,
  });
};
