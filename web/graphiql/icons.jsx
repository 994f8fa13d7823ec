// Icons in the manner of GraphiQL's own: drawn in the color of the text beside them.
const Icon = ({ children, className = "graphiql-toolbar-icon" }) => (
  <svg
    className={className}
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.8"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    {children}
  </svg>
);

export const TerminalIcon = () => (
  <Icon>
    <rect x="2.5" y="4" width="19" height="16" rx="2.5" />
    <path d="m6.5 9 3 3-3 3M12.5 15.5h5" />
  </Icon>
);

export const HashIcon = () => (
  <Icon>
    <path d="M9.5 4 7.5 20M16.5 4l-2 16M4.5 9h16M3.5 15h16" />
  </Icon>
);

export const ExamplesIcon = () => (
  <Icon className="">
    <path d="M4 5.5A1.5 1.5 0 0 1 5.5 4H12v16H5.5A1.5 1.5 0 0 1 4 18.5zM12 4h6.5A1.5 1.5 0 0 1 20 5.5v13a1.5 1.5 0 0 1-1.5 1.5H12M15 9h2M15 13h2" />
  </Icon>
);
