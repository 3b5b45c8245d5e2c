"""Which fields at the top our own hops wrote."""

import pytest

from postroom.model.trust import Trust
from postroom.understand import trace
from postroom.understand.headers import Field

TRUST = Trust(authserv_ids=frozenset({"mx.shop.test"}))
OUTSIDE = Field("received", "from mail.example.com (mail.example.com [192.0.2.7]) by mx.shop.test with ESMTPS; Mon")
INSIDE = Field("received", "from mx.shop.test (mx.shop.test [10.0.0.7]) by in.mx.shop.test with LMTP; Mon")
FILED = Field("received", "by in.mx.shop.test with local id 1; Mon")
RESULTS = Field("authentication-results", "mx.shop.test; spf=pass")
SUBJECT = Field("subject", "hello")
FORGED = Field("received", "from a.example.com ([192.0.2.8]) by mx.shop.test; Mon")


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ((RESULTS, OUTSIDE, RESULTS, SUBJECT, RESULTS), 3),
        ((FILED, INSIDE, OUTSIDE, RESULTS, FORGED, RESULTS), 4),
        ((FILED, SUBJECT, OUTSIDE, SUBJECT), 3),
        ((Field("received", "from x by mx.example.net; Mon"), RESULTS), 0),
        ((Field("received", "no hop says so"), RESULTS), 0),
        ((), 0),
    ],
    ids=["one-hop", "hops-of-ours", "not-in-yet", "another's", "nobody's", "none"],
)
def test_what_stands_below_the_hop_that_took_it_from_outside_is_not_ours(fields: tuple[Field, ...], count: int) -> None:
    assert trace.believed(fields, TRUST, "") == count


@pytest.mark.parametrize(
    ("address", "outside"),
    [("10.1.2.3", False), ("IPv6:fd00::1", False), ("192.0.2.7", True), ("999.1.1.1", True), ("::::", True)],
)
def test_only_an_address_that_is_one_of_a_private_network_is_inside(address: str, *, outside: bool) -> None:
    hop = Field("received", f"from client ([{address}]) by mx.shop.test; Mon")
    assert trace.believed((hop, SUBJECT), TRUST, "") == (1 if outside else 2)
