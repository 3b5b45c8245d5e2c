"""Who knows the accounts, as the settings describe it."""

from pathlib import Path

import pytest

from postroom.adapters.status.csvfile import CsvStatus
from postroom.adapters.status.endpoint import EndpointStatus
from postroom.adapters.status.none import NoStatus
from postroom.bootstrap.status import build_status
from postroom.config.settings import Status
from postroom.model.errors import ConfigError
from postroom.model.judgement import AccountStatus
from tests.unit.flow.house import Told

URL = "https://accounts.example.com/"


def test_nobody_unless_the_settings_name_one(tmp_path: Path) -> None:
    assert isinstance(build_status(Status(), tmp_path, Told()), NoStatus)


def test_a_file_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("address,state\nann@example.com,Frozen\n")
    made = build_status(Status(kind="csv", file="accounts.csv", states={"frozen": "limited"}), tmp_path, Told())
    assert isinstance(made, CsvStatus)
    assert list(made.statuses(["ann@example.com"], 10.0)) == [AccountStatus(state="limited")]


def test_a_service_with_a_token(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    made = build_status(Status(kind="http", url=URL, token_file="token"), tmp_path, Told())
    assert isinstance(made, EndpointStatus)
    assert made._token == "s3cret"
    assert isinstance(build_status(Status(kind="http", url=URL), tmp_path, Told()), EndpointStatus)


def test_a_token_must_be_there_and_ascii(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't read the secret file"):
        build_status(Status(kind="http", url=URL, token_file="token"), tmp_path, Told())
    (tmp_path / "token").write_text("schlüssel")
    with pytest.raises(ConfigError, match="must be ASCII"):
        build_status(Status(kind="http", url=URL, token_file="token"), tmp_path, Told())
