// Names and roles that GraphiQL leaves out, for people who hear or tab through the page.
import { useEditorContext } from "@graphiql/react";
import { useEffect } from "react";

export const Access = () => {
  const { queryEditor, variableEditor, headerEditor, responseEditor, tabs, activeTabIndex } =
    useEditorContext({ nonNull: true });
  useEffect(() => nameEditor(queryEditor, "Document"), [queryEditor]);
  useEffect(() => nameEditor(variableEditor, "Variables as JSON"), [variableEditor]);
  useEffect(() => nameEditor(headerEditor, "Headers as JSON"), [headerEditor]);
  useEffect(() => nameEditor(responseEditor, "Answer"), [responseEditor]);
  useEffect(() => listTabs(activeTabIndex), [tabs, activeTabIndex]);
  return null;
};

const nameEditor = (editor, name) => {
  if (!editor) return;
  editor.getInputField().setAttribute("aria-label", name);
  const scroller = editor.getScrollerElement();
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "group");
  scroller.setAttribute("aria-label", `${name}, scrollable`);
};

// A tab may hold nothing to press, and these hold a button to close them: they are a list of buttons.
const listTabs = (active) => {
  document.querySelector(".graphiql-tabs")?.removeAttribute("role");
  document.querySelectorAll(".graphiql-tab").forEach((item, index) => {
    item.removeAttribute("role");
    item.removeAttribute("aria-selected");
    const button = item.querySelector(".graphiql-tab-button");
    button.removeAttribute("role");
    if (index === active) {
      button.setAttribute("aria-current", "true");
      item.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else button.removeAttribute("aria-current");
    item
      .querySelector(".graphiql-tab-close")
      ?.setAttribute("aria-label", `Close ${button.textContent}`);
  });
  const session = document.getElementById("graphiql-session");
  session.setAttribute("role", "group");
};
