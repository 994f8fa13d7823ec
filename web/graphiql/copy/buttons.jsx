import { ToolbarButton, useEditorContext } from "@graphiql/react";
import { useState } from "react";
import { HashIcon, TerminalIcon } from "../icons.jsx";
import { CurlDialog } from "./curl-dialog.jsx";
import { written } from "./operation.js";
import { PersistedDialog } from "./persisted-dialog.jsx";

// The toolbar's buttons that hand an operation to other programs.
export const CopyButtons = ({ credentials }) => {
  const editors = useEditorContext({ nonNull: true });
  const [open, setOpen] = useState(null);
  const show = (Dialog) => {
    try {
      setOpen({ Dialog, operation: written(editors) });
    } catch (error) {
      setOpen({ Dialog, problem: error.message });
    }
  };
  return (
    <>
      <ToolbarButton label="Copy as curl" onClick={() => show(CurlDialog)}>
        <TerminalIcon />
      </ToolbarButton>
      <ToolbarButton label="Copy as persisted document" onClick={() => show(PersistedDialog)}>
        <HashIcon />
      </ToolbarButton>
      {open && (
        <open.Dialog
          operation={open.operation}
          problem={open.problem}
          credentials={credentials}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  );
};
