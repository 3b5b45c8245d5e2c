"""Files are judged as the workers judge: by the same model, with the same question about accounts."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from postroom.adapters.intake.files import FoundMail
from postroom.bootstrap.files import Offline
from postroom.bootstrap.house import House
from postroom.config import load
from postroom.decide.folding import Folded
from postroom.model.judgement import AccountStatus, Opinion
from postroom.model.mail import RouteName
from postroom.model.message import Message
from tests.unit.cli.conftest import SETTINGS
from tests.unit.flow.house import a_message

WORDS = "A question about parking spaces."


class Model:
    """A learned model that knows all."""

    version = "model-1"

    def classify(self, read: Sequence[tuple[Message, Folded]]) -> Sequence[Sequence[Opinion]]:
        said = (("appeals", 0.9), ("general", 0.1))
        return [[Opinion(route=RouteName(route), share=share) for route, share in said]] * len(read)


class Accounts:
    """Knows every account, and who was asked about."""

    def __init__(self) -> None:
        self.asked: list[tuple[tuple[str, ...], float]] = []

    def statuses(self, addresses: Sequence[str], deadline: float) -> Sequence[AccountStatus]:
        self.asked.append((tuple(addresses), deadline))
        return [AccountStatus(state="suspended")] * len(addresses)


@pytest.fixture
def house(tmp_path: Path) -> House:
    trust = '[trust]\nauthserv_ids = ["mx.shop.test"]\n[judging]\nstatus_deadline = 1.5\n'
    settings, problems = load(SETTINGS + trust)
    assert settings is not None, problems
    house = House(settings, tmp_path)
    house.__dict__["classifier"] = Model()
    house.__dict__["statuses"] = Accounts()
    return house


def mails(*who: str) -> list[FoundMail]:
    """Mails of authenticated senders."""
    return [
        FoundMail(
            path=f"{number}.eml",
            raw=b"Authentication-Results: mx.shop.test; dkim=pass header.d=example.com\r\n"
            + a_message(WORDS, From=f"{name}@example.com", Message_ID=f"<{number}@example.com>"),
        )
        for number, name in enumerate(who)
    ]


def test_the_houses_model_is_the_workers_and_the_files(house: House) -> None:
    judging = house.judging()
    assert (judging.classifier, judging.statuses) == (house.classifier, house.statuses)
    for text_only in (False, True):
        ((_, _, decision),) = Offline(house, text_only=text_only).decisions(mails("ada"))
        assert decision.decided == "appeals"
        assert decision.versions.model == "model-1"
        assert "classifier" in {finding.source for finding in decision.findings}
    house.close()


def test_accounts_are_asked_for_once_a_batch_and_not_for_words_alone(house: House) -> None:
    decided = list(Offline(house).decisions(mails("ada", "bob", "ada")))
    assert house.statuses.asked == [(("ada@example.com", "bob@example.com"), 1.5)]
    assert [decision.account.state for _, _, decision in decided] == ["suspended"] * 3
    list(Offline(house, text_only=True).decisions(mails("ada")))
    assert len(house.statuses.asked) == 1


def test_what_one_mail_decides_is_known_to_the_next_in_the_batch_and_after_it(house: House) -> None:
    offline = Offline(house)
    decided = [d for _, _, d in offline.decisions(mails(*["ada"] * 70))]
    known = [decision.history for decision in decided]
    assert known[0] != known[1] != known[69]
    assert not house.has_store
