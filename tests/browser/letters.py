"""The mail of these tests, as its senders wrote it: plain letters, doubtful ones, other scripts, and hostile ones."""

from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail and where it goes."""

    #: by which a test finds it
    subject: str
    raw: bytes
    to: str


def letter(
    to: str,
    subject: str,
    text: str,
    *,
    sender: str = "Ada Byron <ada@example.net>",
    html: str = "",
    file: str = "",
    vouched: str = "",
) -> Letter:
    """A mail as a person's programme writes it. Our own hop vouches for the domain of the sender that is named."""
    message = EmailMessage(policy=SMTP)
    if vouched:
        message["Authentication-Results"] = f"mx.postroom.test; dkim=pass header.d={vouched}"
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = f"<{'.'.join(str(ord(char)) for char in subject)[:120]}.{to}>"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    if file:
        message.add_attachment(b"%PDF-1.4 nothing", maintype="application", subtype="pdf", filename=file)
    return Letter(subject=subject, raw=message.as_bytes(), to=to)


SHOP, DRILL, PALM, PLAIN, DOUBT, WILD, DOUBLE, SPLIT = (
    f"support@{brand}.test" for brand in ("shop", "drill", "palm", "plain", "doubt", "wild", "double", "split")
)
ALARM, SIREN, FORGE, ANVIL = (f"support@{brand}.test" for brand in ("alarm", "siren", "forge", "anvil"))
NORTH, SOUTH, EAST, WEST = (f"support@{brand}.test" for brand in ("north", "south", "east", "west"))

_QUOTE = "\n\nOn Mon, 3 Mar 2025 at 10:11, Support <support@shop.test> wrote:\n> Dear Grace,\n> what is the number of your order?\n"
DAILY = (
    letter(
        SHOP, "Suspended without a reason",
        "Hello,\n\nmy account was suspended yesterday and I did nothing wrong. Please review the suspension and restore my account.\n\nAda Byron",
        html="<p>Hello,</p><p>my account was <b>suspended</b> yesterday and I did nothing wrong. Please review the suspension and restore my account.</p><p>Ada Byron</p>",
        file="identity card.pdf",
    ),
    letter(SHOP, "Appeal against the ban of my channel", "You banned my channel. I appeal the decision: no rule was broken. Please look at it again.", sender="channel@example.org"),
    letter(SHOP, "Charged twice for order 4711", "I was charged twice for order 4711. I want my money back, please refund the second charge." + _QUOTE, sender="Grace Hopper <grace@example.com>"),
    letter(SHOP, "Refund, please", "The shoes never came. Please refund my payment of 59 euros to my card.", sender="Katherine <katherine@example.com>"),
    letter(SHOP, "Where do I change the language?", "How do I change the language of the app to Portuguese?", sender="joao@example.org"),
    letter(SHOP, "Opening hours", "On which days can I call you?", sender="dorothy@example.net"),
    letter(SHOP, "Mein Konto wurde gesperrt", "Guten Tag, mein Konto wurde gestern gesperrt, ich habe nichts falsch gemacht. Bitte prüfen Sie die Sperre und schalten Sie mein Konto wieder frei.", sender="Jürgen Größer <juergen@example.de>"),
    letter(SHOP, "حسابي موقوف", "مرحبا، تم إيقاف حسابي أمس ولم أفعل أي شيء خاطئ. أرجو مراجعة القرار وإعادة حسابي.", sender="أمل <amal@example.org>"),
    letter(SHOP, "החזר כספי", "שלום, חויבתי פעמיים עבור ההזמנה. אני רוצה את הכסף שלי בחזרה.", sender="דנה <dana@example.org>"),
    letter(SHOP, "Мой аккаунт заблокирован", "Здравствуйте, вчера заблокировали мой аккаунт, я ничего не нарушал. Прошу пересмотреть решение.", sender="Иван <ivan@example.org>"),
    letter(SHOP, "アカウントが停止されました", "昨日アカウントが停止されました。違反はしていません。もう一度確認してください。", sender="花子 <hanako@example.org>"),
    letter(SHOP, "W" * 60 + " a subject without an end " + "x" * 90, "https://example.com/" + "path/" * 80, sender=f"{'n' * 60}@{'d' * 50}.example.org"),
    letter(SHOP, "Copyright claim: take it down", "I own the copyright of the photograph at https://shop.test/p/1. I have a good faith belief that its use is not authorized. Take it down under the DMCA. I swear under penalty of perjury that this is accurate. Mary Holder"),
    letter(SHOP, "DMCA notice of a photograph", "DMCA takedown notice: the photograph at https://shop.test/p/9 infringes my copyright. I declare under penalty of perjury that I am the copyright owner. Remove it.", sender="photos@example.com"),
    letter(SHOP, "DMCA notice", "DMCA takedown notice: the video at https://shop.test/v/2 infringes my copyright. I declare under penalty of perjury that I am the copyright owner. Remove it.", sender="owner@example.com"),
)  # fmt: skip

_THREAT = "You suspended my account. I know where you live, and I will come to your office and kill you all."
URGENT = (
    letter(ALARM, "Last warning", _THREAT, sender="Rage <rage@example.org>"),
    letter(ALARM, "I cannot go on", "You banned my account. It was all I had. I do not want to live any more, I am going to kill myself tonight.", sender="Lena <lena@example.net>"),
    letter(ALARM, "You will regret it", _THREAT + " All of you.", sender="rage2@example.org"),
    letter(ALARM, "Still waiting", "My account was suspended a week ago. Please review it and restore my account.", sender="Mary <mary@example.com>"),
    letter(ALARM, "Please restore my account", "My account was banned by mistake. I appeal, please restore it.", sender="Joan <joan@example.com>"),
    letter(ALARM, "Appeal", "I appeal against the suspension of my account, no rule was broken.", sender="Edith <edith@example.com>"),
    letter(SIREN, "I will come", _THREAT, sender="rage3@example.org"),
)  # fmt: skip
"""Threats and despair; and, of the same brand, appeals to be answered in time."""

_DOUBTFUL = "Is there a way around the block I got, or the money that was taken? My number is {number}."
DOUBTFUL = (
    *(letter(DRILL, f"Question {n}", _DOUBTFUL.format(number=n), sender=f"person{n}@example.net") for n in range(1, 27)),
    *(letter(PALM, f"Touched question {n}", _DOUBTFUL.format(number=n), sender=f"touch{n}@example.net") for n in range(1, 24)),
    *(letter(PLAIN, f"Plain question {n}", _DOUBTFUL.format(number=n), sender=f"p{n}@example.net") for n in range(1, 7)),
    *(letter(DOUBT, f"Two things at once {n}", _DOUBTFUL.format(number=n), sender=f"d{n}@example.net") for n in range(1, 4)),
    *(letter(DOUBLE, f"Doubled question {n}", _DOUBTFUL.format(number=n), sender=f"t{n}@example.net") for n in range(1, 31)),
    *(letter(SPLIT, f"Money and account {n}", f"You blocked me: give me my account back. And refund what you took twice, order {n}.", sender=f"s{n}@example.net") for n in range(1, 4)),
)  # fmt: skip

_APPEAL = "My account was suspended and I did nothing wrong. Please review the suspension and restore my account."
_NOTICE = "DMCA takedown notice: the photograph at https://shop.test/p/{n} infringes my copyright. I declare under penalty of perjury that I am the copyright owner. Remove it."
DESKWORK = (
    letter(NORTH, "Mein Verkäuferkonto", "Guten Tag, mein Konto wurde gestern gesperrt, ich habe nichts falsch gemacht. Bitte prüfen Sie die Sperre und schalten Sie mein Konto wieder frei.", sender="Greta Groß <greta@example.de>", vouched="example.de"),
    letter(NORTH, "Banned from selling", _APPEAL, sender="Nils Nord <nils@example.net>", vouched="example.net"),
    letter(NORTH, "Suspended by mistake", _APPEAL, sender="Olga Ost <olga@example.org>", vouched="example.org"),
    letter(NORTH, "Which desk is this for", _APPEAL, sender="Will <will@example.com>"),
    *(letter(NORTH, f"Locked out {n}", f"You locked my account {n}. Please restore my account, I did nothing wrong.", sender=f"locked{n}@example.org") for n in (1, 2, 3)),
    letter(NORTH, "Charged twice in the north", "I was charged twice for order 12. Please refund the second charge.", sender="paid@example.com"),
    letter(SOUTH, "Banned while on the road", _APPEAL, sender="Rosa Roth <rosa@example.net>", vouched="example.net"),
    letter(SOUTH, "Suspended for a joke", _APPEAL, sender="Joke <joke@example.org>", vouched="example.org"),
    letter(SOUTH, "Blocked on my phone", _APPEAL, sender="phone@example.com"),
    letter(SOUTH, "Banned without a script", _APPEAL, sender="plain@example.com"),
    letter(SOUTH, "Suspended without a script", _APPEAL, sender="plain2@example.com"),
    *(letter(to, f"Notice {n}, {what}", _NOTICE.format(n=n), sender=f"owner{n}@example.org") for to, n, what in ((EAST, 1, "to be tried again"), (EAST, 2, "for the rescue"), (EAST, 3, "for another desk"), (EAST, 4, "written twice"), (WEST, 5, "by phone"), (WEST, 6, "without a script"))),
    *(letter(EAST, f"Unban me, {name}", _APPEAL, sender=f"{name}@example.com") for name in ("first", "last")),
    letter(WEST, "Unban me, please", _APPEAL, sender="west@example.com"),
)  # fmt: skip
"""A day at a desk: the north and east are worked on by keyboard, the south and west by touch."""
