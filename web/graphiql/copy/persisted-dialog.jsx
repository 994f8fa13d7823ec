import { useEffect, useState } from "react";
import { CopyDialog } from "./copy-dialog.jsx";
import { digestOf, introduced, manifest, named } from "./persisted.js";

const FORMS = [
  {
    name: "Request by hash",
    make: named,
    note: "Runs once the service knows the document: sent before by your account, or registered.",
  },
  {
    name: "First request, with the document",
    make: introduced,
    note: "The service remembers the document under its hash, for your account.",
  },
  {
    name: "Manifest to register",
    make: manifest,
    note: "For services that run trusted documents only: vouchergraph documents register FILE.",
  },
];
const NO_HASH = "Browsers compute hashes on pages over HTTPS or on this machine only.";

export const PersistedDialog = ({ operation, problem, onClose }) => {
  const [form, setForm] = useState(FORMS[0]);
  const digest = useDigest(operation?.query);
  return (
    <CopyDialog
      title="Copy as persisted document"
      label="JSON"
      text={digest ? JSON.stringify(form.make(operation, digest), null, 2) : ""}
      problem={problem || (digest === null ? NO_HASH : "")}
      note={form.note}
      onClose={onClose}
    >
      <p>
        SHA-256 <code className="vg-hash">{digest}</code>
      </p>
      <fieldset className="vg-choices">
        <legend>What to copy</legend>
        {FORMS.map((one) => (
          <label key={one.name} className="vg-check">
            <input type="radio" name="form" checked={one === form} onChange={() => setForm(one)} />
            {one.name}
          </label>
        ))}
      </fieldset>
    </CopyDialog>
  );
};

const useDigest = (text) => {
  const [digest, setDigest] = useState("");
  useEffect(() => {
    if (text) digestOf(text).then(setDigest);
  }, [text]);
  return digest;
};
