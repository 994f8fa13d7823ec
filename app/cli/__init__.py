"""The commands. Each says in one line what went wrong; secrets are shown once, to their maker."""

import typer

from app.cli import audit, catalog, clients, documents, keys, service, wallet, webhooks

app = typer.Typer(
    name="vouchergraph",
    help="One GraphQL API in front of several gift-card and voucher providers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.registered_commands += service.app.registered_commands
app.add_typer(clients.accounts_app, name="accounts")
app.add_typer(clients.clients_app, name="clients")
app.add_typer(catalog.catalog_app, name="catalog")
app.add_typer(keys.keys_app, name="keys")
app.add_typer(audit.audit_app, name="audit")
app.add_typer(documents.documents_app, name="documents")
app.add_typer(wallet.wallet_app, name="wallet")
app.add_typer(webhooks.webhooks_app, name="webhooks")


def main() -> None:
    """Run a command; exit code 2 for wrong settings, 1 for what failed, each with its reason."""
    app()
