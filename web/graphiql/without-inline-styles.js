// Stands in for react-style-singleton in the bundle: dialogs would write a style element to keep the
// page behind them from scrolling. This page never scrolls, and its policy admits no such element.
export const styleSingleton = () => () => null;
