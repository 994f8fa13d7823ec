"""The three roles behind the wall: who owns the tables, who reads for a viewer, who works."""

import asyncio

import asyncpg

OWNER = "vg_owner"
VIEWER = "vg_viewer"
WORKER = "vg_worker"
ROLES = (OWNER, VIEWER, WORKER)

# Roles belong to the whole cluster: two databases may be migrated at the same moment.
CREATE = """
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['vg_owner', 'vg_viewer', 'vg_worker'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB', role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
END
$$"""

# Membership without inheritance: the login has no right of a role before it says SET ROLE. Before
# PostgreSQL 16 that is a property of the login (create it NOINHERIT).
JOIN = """
DO $$
DECLARE
    role text;
    modern boolean := current_setting('server_version_num')::int >= 160000;
    missing boolean;
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        RETURN;
    END IF;
    FOREACH role IN ARRAY ARRAY['vg_owner', 'vg_viewer', 'vg_worker'] LOOP
        missing := NOT pg_has_role(
            current_user, role, CASE WHEN modern THEN 'SET' ELSE 'MEMBER' END);
        IF missing AND modern THEN
            EXECUTE format('GRANT %I TO %I WITH SET TRUE, INHERIT FALSE', role, current_user);
        ELSIF missing THEN
            EXECUTE format('GRANT %I TO %I', role, current_user);
        END IF;
    END LOOP;
END
$$"""

SCHEMA = """
DO $$
BEGIN
    IF NOT has_schema_privilege('vg_owner', 'public', 'CREATE') THEN
        GRANT USAGE, CREATE ON SCHEMA public TO vg_owner;
    END IF;
    IF NOT has_schema_privilege('vg_viewer', 'public', 'USAGE') THEN
        GRANT USAGE ON SCHEMA public TO vg_viewer;
    END IF;
    IF NOT has_schema_privilege('vg_worker', 'public', 'USAGE') THEN
        GRANT USAGE ON SCHEMA public TO vg_worker;
    END IF;
END
$$"""


class RolesMissing(Exception):
    """The login may neither create the roles nor join them."""


async def ensure(conn: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Create what is missing and let the login switch to each role; RolesMissing when it may not.

    A superuser may do all of it; otherwise the login needs CREATEROLE and must own the database, or
    an administrator has created the roles and granted them.
    """
    try:
        for statement in (CREATE, JOIN, SCHEMA):
            await _retried(conn, statement)
    except asyncpg.InsufficientPrivilegeError as error:
        login = await conn.fetchval("SELECT current_user")
        roles = ", ".join(ROLES)
        raise RolesMissing(
            f"the login {login} may not set up {roles} ({error.message}). Give it CREATEROLE"
            f" and the ownership of the database, or let an administrator run: CREATE ROLE (each of"
            f" them, NOLOGIN); GRANT {roles} TO {login}; GRANT USAGE, CREATE ON SCHEMA public TO"
            f" {OWNER}, {login}; GRANT USAGE ON SCHEMA public TO {VIEWER}, {WORKER}"
        ) from None


async def _retried(conn: "asyncpg.Connection[asyncpg.Record]", statement: str) -> None:
    """Catalog rows changed by somebody at the same moment fail once and succeed afterwards."""
    for delay in (0.05, 0.2, 0.5):
        try:
            await conn.execute(statement)
        except (asyncpg.InternalServerError, asyncpg.UniqueViolationError):
            await asyncio.sleep(delay)
        else:
            return
    await conn.execute(statement)
