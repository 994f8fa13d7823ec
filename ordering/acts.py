"""What operators do, as the audit chain keeps it."""

from domain.audit import Act, AuditAction
from domain.viewers import Viewer


def act(
    viewer: Viewer,
    action: AuditAction,
    subject: str,
    *,
    fields: tuple[str, ...] = (),
    reason: str | None = None,
) -> Act:
    """An act of a viewer on a subject (a global id); the reason stands where a purpose does."""
    return Act(viewer.actor, action, subject, fields, reason or viewer.purpose, viewer.request_id)
