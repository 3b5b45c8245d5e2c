"""How far a route counts: the bucket of a thread, and the stage of a mail in it."""

import hashlib

from postroom.decide.policy import Policy, RouteStage
from postroom.model.judgement import Stage
from postroom.model.mail import RouteName


def bucket(key: str) -> int:
    """0..99, the same for the same key on every machine and version: mails of one thread stay together."""
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % 100


def stage(route: RouteName, key: str, policy: Policy) -> Stage:
    """The stage of this route for this thread: ``canary`` only inside its buckets, else ``shadow``."""
    rollout = policy.stages.get(route, RouteStage())
    if rollout.stage != "canary":
        return rollout.stage
    return "canary" if bucket(key) < rollout.percent else "shadow"
