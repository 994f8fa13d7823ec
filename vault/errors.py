"""What the vault refuses. No text says anything of a value or a key."""


class KeyRingInvalid(ValueError):
    """The key ring could not be read; the text says where, and nothing of a key."""


class VaultError(Exception):
    """Something sealed does not open here; the text says nothing of its value."""


class MastersUnavailable(VaultError):
    """The key service does not answer, or not in its right mind: try again later."""


class MasterRefused(VaultError):
    """Master keys are not changed like this; the text says what to do instead."""
