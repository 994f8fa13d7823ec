import type { ReactNode } from "react";

import styles from "./table.module.css";

export interface Column<Row> {
  header: string;
  cell: (row: Row) => ReactNode;
  /** Numbers and amounts stand at the end. */
  end?: boolean;
  /** The cell that names the row: its header for screen readers. */
  names?: boolean;
  /** The header is for screen readers only, as above buttons. */
  headerHidden?: boolean;
}

/** Rows in columns; on a narrow screen each row is a card of its own. */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
  showCaption,
}: {
  /** What is listed, read out by screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  showCaption?: boolean;
}) {
  return (
    <table className={styles.table}>
      <caption className={showCaption ? styles.caption : "sr-only"}>{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.header} scope="col" className={column.end ? styles.end : undefined}>
              <span className={column.headerHidden ? "sr-only" : undefined}>{column.header}</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowKey(row)}>
            {columns.map((column) => (
              <Cell key={column.header} column={column} row={row} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell<Row>({ column, row }: { column: Column<Row>; row: Row }) {
  const shared = {
    className: column.end ? styles.end : undefined,
    "data-label": column.headerHidden ? undefined : column.header,
  };
  const content = <div className={styles.value}>{column.cell(row)}</div>;
  return column.names ? (
    <th scope="row" {...shared}>
      {content}
    </th>
  ) : (
    <td {...shared}>{content}</td>
  );
}
