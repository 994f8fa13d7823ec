import { createRoot } from "react-dom/client";
import { App } from "./app.jsx";
import { root } from "./page.js";
import { start } from "./session.js";

import "./style.css";

createRoot(root).render(<App />);
start();
