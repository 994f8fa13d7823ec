"""What can be done. Refusals are data: every payload has `problems`."""

import strawberry

from schema.mutations.aftercare import AftercareMutations
from schema.mutations.carts import CartMutations
from schema.mutations.imports import ImportMutations
from schema.mutations.operations import OperationsMutations
from schema.mutations.orders import OrderMutations
from schema.mutations.wallets import WalletMutations
from schema.mutations.webhooks import WebhookMutations


@strawberry.type(description="What can be done.")
class Mutation(
    WalletMutations,
    CartMutations,
    ImportMutations,
    OrderMutations,
    AftercareMutations,
    OperationsMutations,
    WebhookMutations,
):
    """Every mutation, put together from schema/mutations/, one base class for each subject."""
