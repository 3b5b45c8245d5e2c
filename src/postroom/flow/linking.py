"""Which accounts elsewhere sign a user in: linking and unlinking them by hand. Each leaves its line in the audit log."""

from postroom.flow.team import Team
from postroom.model.errors import Refused
from postroom.model.identity import Identity
from postroom.model.people import Deed
from postroom.ports.identity import Identities

_MOST_SUBJECT = 255


def link_identity(identities: Identities, team: Team, name: str, by: str, *, issuer: str, subject: str) -> Identity:
    """From now on the account of this subject signs a user in. Raises `Refused` and `TryLater`, as does the other."""
    user = team.find(name)
    if not issuer:
        raise Refused("people sign in here alone: name a provider first, in [pages.oidc] of the settings")
    if not 0 < len(subject) <= _MOST_SUBJECT or not subject.isprintable():
        raise Refused(f"{subject!r} is no subject: the provider shows it as the id of the account, or as `sub`")
    now = team.clock()
    identity = Identity(issuer=issuer, subject=subject, user=user.name, linked_at=now)
    told = f"{subject} at {issuer}"
    identities.link(identity, Deed(at=now, by=by, what="identity-linked", to=user.name, detail=told))
    return identity


def unlink_identities(
    identities: Identities, team: Team, name: str, by: str, *, issuer: str = "", subject: str = ""
) -> int:
    """Accounts elsewhere sign a user in no more: all, or those of an issuer or subject. He is signed out. How many."""
    user = team.find(name)
    told = " at ".join(filter(None, (subject, issuer))) or "all"
    deed = Deed(at=team.clock(), by=by, what="identity-unlinked", to=user.name, detail=told)
    gone = identities.unlink(user.name, deed, issuer=issuer, subject=subject)
    if not gone:
        raise Refused(f"no such account elsewhere signs {user.name} in; see: postroom user show {user.name}")
    return gone
