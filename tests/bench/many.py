"""Any number of settled orders in one account, written by SQL alone: for reading, not for opening.

Each has one line, one delivered fulfillment and one voucher. They are older than what is there, and
their ids follow each other as those of orders placed one after another do.
"""

from collections.abc import Callable
from uuid import UUID

import asyncpg

BATCH = 100_000
TABLES = ("orders", "order_lines", "fulfillments", "vouchers")
WAIT_SECONDS = 3600.0

# Rows of one kind: their ids differ from those of the others in one place.
ID = "('0180' || lpad(to_hex({n}), 8, '0') || '70008{kind}00' || lpad(to_hex({n}), 12, '0'))::uuid"
AT = "timestamptz '2026-01-01' + {n} * interval '0.1 second'"


def _made(text: str) -> str:
    """The statement for the numbers $2 to $3 of the account $1."""
    ids = {name: ID.format(n="n", kind=kind) for kind, name in enumerate("olfv")}
    for name, value in {**ids, "at": AT.format(n="n")}.items():
        text = text.replace(f"<{name}>", value)
    return f"{text} FROM generate_series($2::bigint, $3::bigint) AS n"


INSERTS = tuple(
    map(
        _made,
        (
            """
INSERT INTO orders (id, account, reference, origin, status, settled, placed_at, updated_at)
SELECT <o>, $1::uuid, 'VG-MANY-' || n, 'PLACED', 'DELIVERED', true, <at>, <at>""",
            """
INSERT INTO order_lines (id, account, order_id, position, provider, sku, product_name, face_value,
                         face_currency, quantity, fee, total, currency)
SELECT <l>, $1::uuid, <o>, 1, 'starship', '1', 'A card', 100, 'INR', 1, 0, 98, 'INR'""",
            """
INSERT INTO fulfillments (id, account, order_id, line_id, provider, credential, reference, ours,
    provider_order_id, state, word, raw_status, final, quantity, delivered, placed_at, observed_at,
    total, currency)
SELECT <f>, $1::uuid, <o>, <l>, 'starship', 'many', 'VG_MANY' || n, true, 'M' || n, 'fulfilled',
       'DELIVERED', 'DELIVERED', true, 1, 1, <at>, <at>, 98, 'INR'""",
            """
INSERT INTO vouchers (id, account, order_id, line_id, fulfillment_id, fingerprint, occurrence, type,
                      state, face_value, currency, masked_code)
SELECT <v>, $1::uuid, <o>, <l>, <f>, sha256(int8send(n)), 0, 'CODE', 'ACTIVE', 100, 'INR',
       '****' || lpad((n % 10000)::text, 4, '0')""",
        ),
    )
)

# What is not a promise's own index is made anew in the end, by sorting.
INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made
  FROM pg_index i WHERE i.indrelid = ANY($1::text[]::regclass[])
   AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)"""


async def fill(dsn: str, account: UUID, number: int, tell: Callable[[str], None]) -> None:
    """Write so many orders; `tell` hears now and then how far it is. Needs a superuser's login.

    Foreign keys are not looked at, indexes are dropped and made again: for a database of one's own.
    """
    connection = await asyncpg.connect(dsn, command_timeout=WAIT_SECONDS)
    try:
        for name, value in (
            ("session_replication_role", "replica"),
            ("synchronous_commit", "off"),
            ("maintenance_work_mem", "1GB"),
        ):
            await connection.execute(f"SET {name} = '{value}'")
        await connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        await connection.execute("SELECT pg_reload_conf()")
        indexes = await connection.fetch(INDEXES, list(TABLES))
        for index in indexes:
            await connection.execute(f"DROP INDEX {index['name']}")
        for begin in range(1, number + 1, BATCH):
            end = min(number, begin + BATCH - 1)
            for insert in INSERTS:
                await connection.execute(insert, account, begin, end)
            if end % (10 * BATCH) == 0:
                tell(f"{end:,} of {number:,} orders")
        for index in indexes:
            await connection.execute(index["made"])
        for table in TABLES:
            await connection.execute(f"VACUUM (ANALYZE) {table}")
    finally:
        await connection.close()
