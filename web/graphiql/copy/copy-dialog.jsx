import { Button, Dialog } from "@graphiql/react";
import { useId, useRef, useState } from "react";

// A dialog with a text to copy; `choices` stand above it, a note below.
export const CopyDialog = ({ title, label, text, problem, note, onClose, children }) => {
  const id = useId();
  return (
    <Dialog open onOpenChange={(open) => open || onClose()}>
      <div className="graphiql-dialog-header">
        <Dialog.Title className="graphiql-dialog-title">{title}</Dialog.Title>
        <Dialog.Close />
      </div>
      <div className="vg-copy">
        {problem ? (
          <p className="vg-problem" role="alert">
            {problem}
          </p>
        ) : (
          <>
            {children}
            <label htmlFor={id}>{label}</label>
            <CopyText id={id} text={text} />
          </>
        )}
        {note && <p className="vg-note">{note}</p>}
      </div>
    </Dialog>
  );
};

const CopyText = ({ id, text }) => {
  const area = useRef(null);
  const [copied, setCopied] = useState(null);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      area.current.select();
      if (!document.execCommand("copy")) return;
    }
    setCopied(text);
  };
  return (
    <>
      <textarea id={id} ref={area} readOnly rows={9} spellCheck={false} value={text} />
      <div className="vg-copy-row">
        <Button type="button" className="vg-primary" onClick={copy}>
          Copy
        </Button>
        <span role="status">{copied === text ? "Copied." : ""}</span>
      </div>
    </>
  );
};
