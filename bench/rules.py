"""The rules and phrases of the bench: the shipped ones, filled up to a stated number with the kinds that teams write."""

import itertools
import tomllib
from collections.abc import Iterator
from importlib import resources

DESKS = ("appeals", "refunds", "copyright", "general")
#: conditions as teams write them: words in the subject, senders, attachments, expressions over the text, history
CONDITIONS = (
    'subject.contains("{a} {n}")',
    'new_text.contains("{a} {b} {n}")',
    'words.contains("{a} {b}") && attachments.count > {k}',
    'text.matches("(?i){a} #?{n}[0-9]{{4}}")',
    'sender.domain == "{a}{n}.example.com"',
    'sender.address.endsWith("@{a}{n}.example.com") || headers["x-mailer"].contains("{a}{n}")',
    'phrases["{desk}"] > {k} && auth.state == "pass" && history.mails > {n}',
    'attachments.names.exists(x, x.endsWith(".{a}{n}"))',
    'language == "de" && new_text.matches("(?i)\\\\b{a}{b}{n}")',
    '"{a}{n}@example.com" in to && thread.known && thread.route == "{desk}"',
)
WORDS = (
    "account", "blocked", "charge", "damage", "evidence", "forum", "gift", "handle", "invoice", "journal", "key", "licence",
    "merchant", "notice", "order", "payout", "quarter", "receipt", "seller", "ticket", "upload", "voucher", "wallet", "year",
    "konto", "rechnung", "sperre", "zahlung", "compte", "facture", "paiement", "cuenta", "pedido", "conta", "fatura", "ordine",
    "konta", "zwrot", "счёт", "заказ", "аккаунт", "возврат", "注文", "請求", "返金",
)  # fmt: skip


def shipped() -> tuple[int, int]:
    """How many rules and phrases come with postroom."""
    rules = sum(len(table.get("rule", ())) for table in _tables("rules"))
    phrases = sum(len(group.get("phrases", ())) for table in _tables("phrases") for group in table.get("group", ()))
    return rules, phrases


def files(*, rules: int = 50, phrases: int = 2000) -> dict[str, str]:
    """Files that bring the shipped rules and phrases up to these numbers, by name."""
    have_rules, have_phrases = shipped()
    made: dict[str, str] = {}
    if rules > have_rules:
        made["rules/bench.toml"] = "\n".join(itertools.islice(_rules(), rules - have_rules))
    each, rest = divmod(max(phrases - have_phrases, 0), len(DESKS))
    for number, desk in enumerate(DESKS):
        count = each + (number < rest)
        if count:
            lines = "".join(f'  "{phrase}",\n' for phrase in itertools.islice(_phrases(number), count))
            made[f"phrases/bench-{desk}.toml"] = (
                f'route = "{desk}"\n[[group]]\nlanguage = "en"\nweight = 0.5\nphrases = [\n{lines}]\n'
            )
    return made


def _tables(kind: str) -> Iterator[dict[str, list[dict[str, list[str]]]]]:
    for entry in resources.files("postroom.starter").joinpath(kind).iterdir():
        if entry.name.endswith(".toml"):
            yield tomllib.loads(entry.read_text(encoding="utf-8"))


def _rules() -> Iterator[str]:
    plain = [word for word in WORDS if word.isascii()]
    for number in itertools.count():
        desk = DESKS[number % len(DESKS)]
        condition = CONDITIONS[number % len(CONDITIONS)].format(
            a=plain[number % len(plain)], b=plain[(number * 7 + 3) % len(plain)], n=number, k=number % 3, desk=desk
        )
        yield f'[[rule]]\nname = "bench-{number}"\nwhen = \'{condition}\'\nroute = "{desk}"\nweight = {0.2 + number % 9 / 10:.1f}\n'


def _phrases(number: int) -> Iterator[str]:
    """Two and three words, no two alike, some in scripts without spaces."""
    turn = len(WORDS)
    for i in itertools.count(number, len(DESKS)):
        first, second, third = (
            WORDS[i % turn],
            WORDS[(i // turn + i * 5 + 1) % turn],
            WORDS[(i // turn * 11 + i + 7) % turn],
        )
        yield f"{first} {second} {third} {i}" if i % 3 else f"{first} {third} {i}"
