"""Templates on the disk, what is wrong with them, and the thread that sends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from postroom.bootstrap import checks
from postroom.bootstrap.answering import Shelf, answering, mistakes, send_all, sender, sending, voices
from postroom.bootstrap.house import House
from postroom.config import load
from postroom.flow.templates import PLACEHOLDERS, unfilled
from postroom.model.errors import ConfigError, TryLater
from postroom.testing.smtp_sink import SmtpSink
from tests.answering import ANSWERING, answers, write_template
from tests.pages_house import SETTINGS

LANGUAGES = {"en", "de", "fr", "es", "pt"}


def made(folder: Path, text: str = ANSWERING) -> House:
    found, problems = load(text)
    assert found is not None, problems
    return House(found, folder)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    opened = made(tmp_path)
    yield opened
    opened.close()


def test_what_is_shipped_is_sound_and_in_every_language(house: House) -> None:
    found = {one.name: one for one in Shelf(house).templates()}
    assert len(found) == 9
    for one in found.values():
        assert set(one.texts) == LANGUAGES
        for text in one.texts.values():
            assert set(unfilled(text)) <= {"brand", "question", "reason"} <= set(PLACEHOLDERS)
            assert one.asks == ("question" in unfilled(text))
    assert list(mistakes(house)) == []


def test_a_team_without_a_desk_has_not_its_templates(tmp_path: Path) -> None:
    text = SETTINGS.replace('[route.copyright]\ndestinations = ["copyright"]\n', "")
    names = {one.name for one in Shelf(made(tmp_path, text)).templates()}
    assert "copyright-more" not in names
    assert "appeal-more" in names
    assert Shelf(made(tmp_path, text + "[answers]\nshipped = false\n")).templates() == ()


def test_what_changes_on_the_disk_counts_at_once(house: House) -> None:
    shelf = Shelf(house)
    assert "ours" not in {one.name for one in shelf.templates()}
    write_template(house.base, "ours", '[text]\nen = "One"\n')
    write_template(house.base, "appeal-more", '[text]\nen = "Two!"\n')
    found = {one.name: one for one in shelf.templates()}
    assert (found["ours"].texts, found["appeal-more"].texts) == ({"en": "One"}, {"en": "Two!"})
    assert shelf.templates() is shelf.templates()


def test_files_with_mistakes_are_told_and_not_offered(house: House) -> None:
    write_template(house.base, "bad", '[text]\nen = "{nme}"\n')
    (house.base / "answers" / "latin.toml").write_bytes(b'[text]\nen = "\xe9"\n')
    (house.base / "answers" / "gone.toml").symlink_to(house.base / "nowhere")
    said = {one.path: one.message for one in checks.mistakes(house) if one.path.startswith("answers")}
    assert set(said) == {f"answers.templates: {name}.toml" for name in ("bad", "latin", "gone")}
    assert "can't be read" in said["answers.templates: gone.toml"]
    assert not {"bad", "latin", "gone"} & {one.name for one in Shelf(house).templates()}


def test_a_desk_that_tells_by_a_template_that_is_not_there_is_told(tmp_path: Path) -> None:
    text = answers("127.0.0.1", 25).replace(
        "cases = true\n", 'cases = true\nacknowledge = "hello"\noutcomes = { granted = "" }\n'
    )
    house = House(load(text)[0], tmp_path)  # type: ignore[arg-type]
    (mistake,) = [one for one in mistakes(house) if one.path.startswith("route")]
    assert (mistake.path, mistake.message) == ("route.appeals.acknowledge", "there is no template 'hello'")
    assert "appeal-received" in mistake.remedy


def test_a_folder_that_was_named_must_be_there(tmp_path: Path) -> None:
    (one,) = mistakes(made(tmp_path, SETTINGS + '[answers]\ntemplates = "texts"\n'))
    assert one.path == "answers.templates"


def test_a_password_file_must_be_there(tmp_path: Path) -> None:
    house = made(tmp_path, SETTINGS + '[answers]\nhost = "mx.test"\nuser = "x"\npassword_file = "no"\n')
    (one,) = mistakes(house)
    assert one.fatal
    with pytest.raises(ConfigError, match="secret file"):
        sender(house)
    assert not [trial for trial in checks.trials(house) if trial.what == "answers"]


def test_the_server_is_tried(tmp_path: Path) -> None:
    with SmtpSink() as sink:
        house = made(tmp_path, answers(sink.host, sink.port))
        (trial,) = [one for one in checks.trials(house) if one.what == "answers"]
        assert trial.ok
        sink.fail("connect", reply="554 no", times=None)
        (trial,) = [one for one in checks.trials(house) if one.what == "answers"]
        assert not trial.ok
        house.close()


def test_each_brand_has_its_voice(house: House) -> None:
    assert {name: (one.addr, one.name) for name, one in voices(house).items()} == {
        "shop": ("support@shop.test", "Shop support"),
        "video": ("help@video.test", ""),
    }
    assert "name the server that sends them" in answering(house).off


def test_the_thread_goes_on_after_trouble(tmp_path: Path) -> None:
    house = made(tmp_path, answers("127.0.0.1", 9))
    bugs: list[Exception] = []
    work = sending(house, bugs.append)
    turns: list[bool | Exception] = [True, TryLater("full"), ValueError("oh"), False]
    pauses: list[float] = []

    class Turns:
        sender = work.sender

        def turn(self) -> bool:
            one = turns.pop(0)
            if isinstance(one, Exception):
                raise one
            return one

    send_all(Turns(), lambda: not turns, bugs.append, pauses.append)  # type: ignore[arg-type]
    assert pauses == [0.5, 10.0, 0.5]
    assert [str(one) for one in bugs] == ["oh"]
    house.close()
