"""The shipped rules and phrases: they compile without a complaint, and every rule has a mail it matches and one it leaves alone."""

from dataclasses import replace
from importlib import resources

import pytest

from postroom.decide import examples, rulebook
from postroom.decide.case import Case
from postroom.decide.context import FIELDS
from postroom.decide.judge import judge
from postroom.decide.policy import Policy
from postroom.model.judgement import AccountStatus, ThreadState
from postroom.model.mail import BrandName, Envelope, Mail, MailId, Peer, RouteName
from postroom.model.message import Address, Authentication, Message
from postroom.understand.reader import read_bytes

ROUTES = [RouteName(name) for name in ("appeals", "refunds", "copyright", "general")]
LANGUAGES = [
    "en",
    "de",
    "fr",
    "es",
    "pt",
    "it",
    "nl",
    "pl",
    "ru",
    "uk",
    "tr",
    "ar",
    "hi",
    "hi-Latn",
    "zh",
    "ja",
    "ko",
    "id",
    "vi",
    "sv",
]
ALARMS = ["en", "de", "fr", "es", "pt", "it", "nl", "pl"]
STARTER = resources.files("postroom.starter")
HEADERLESS = read_bytes(b"\n")


def texts(folder: str, suffix: str = ".toml") -> dict[str, str]:
    return {
        entry.name: entry.read_text("utf-8")
        for entry in STARTER.joinpath(folder).iterdir()
        if entry.name.endswith(suffix)
    }


@pytest.fixture(scope="module")
def compiled():
    return rulebook.compile(texts("rules"), texts("phrases"), ROUTES)


@pytest.fixture(scope="module")
def book(compiled):
    return compiled[0]


def mail() -> Mail:
    envelope = Envelope(mail_from="", rcpt_to=())
    return Mail(
        id=MailId("m"),
        received_at=0.0,
        brand=BrandName(""),
        envelope=envelope,
        peer=Peer(door="files", trusted=True),
        raw=b"",
    )


def message(subject: str, text: str) -> Message:
    return replace(
        HEADERLESS,
        subject=subject,
        text=text,
        new_text=text,
        kind="person",
        from_=Address(name="", addr="someone@example.com"),
    )


def decide(book, text: str, subject: str = "", **known):
    return judge(Case(mail=mail(), message=message(subject, text), now=0.0, **known), book, Policy())


def example_case(example: examples.Example) -> Case:
    if example.raw:
        return Case(mail=mail(), message=read_bytes(example.raw.encode()), now=0.0)
    auth = (
        Authentication(state="pass", method="dkim", domain="", reason="") if example.authenticated else Authentication()
    )
    sent = replace(message(example.subject, example.text), auth=auth, from_=Address(name="", addr=example.sender))
    return Case(mail=mail(), message=sent, account=example.account, now=0.0)


def test_they_compile_without_a_word_of_complaint(compiled):
    assert [str(problem) for problem in compiled[1]] == []


def test_examples_are_read_without_a_complaint_and_all_hold(book):
    read, problems = examples.read(texts("rules/examples"))
    assert problems == ()
    results = examples.run([(example, example_case(example)) for example in read], book, Policy())
    assert {result.example.name: result.differences for result in results if result.differences} == {}


#: rules that need a known thread or a sender whose authentication failed: examples can't give those
BY_CIRCUMSTANCE = {
    "unproven-sender-moves-money",
}


def test_every_rule_has_an_example_it_matches_and_one_it_leaves_alone(book):
    read, _ = examples.read(texts("rules/examples"))
    matched = {rule for example in read for rule in example.expect.rules}
    silent = {
        example.name.partition(":")[0].removeprefix("not ") for example in read if example.name.startswith("not ")
    }
    names = {rule.name for rule in book.rules.rules}
    assert names - matched - BY_CIRCUMSTANCE == set()
    assert names - silent == set()
    assert silent <= names


def test_the_silent_examples_are_silent(book):
    read, _ = examples.read(texts("rules/examples"))
    for example in read:
        if example.name.startswith("not "):
            rule = example.name.partition(":")[0].removeprefix("not ")
            decision = judge(example_case(example), book, Policy())
            assert rule not in {finding.name for finding in decision.findings if finding.source == "rule"}, example.name


@pytest.mark.parametrize("route", ["appeals", "refunds", "copyright"])
def test_a_short_mail_in_a_thread_follows_it(book, route):
    thread = ThreadState(
        matched_by="references", first_id=MailId("f"), route=RouteName(route), confirmed=False, last_at=0.0, mails=2
    )
    assert decide(book, "Any news?", thread=thread).decided == route
    assert decide(book, "Any news?").decided == "general"


def test_an_unproven_sender_who_moves_money_waits_for_a_person(book):
    asks = message("payouts", "Please send my payouts to this bank account from now on.")
    failed = replace(asks, auth=Authentication(state="fail", method="dmarc", domain="example.com", reason="p=reject"))
    decision = judge(Case(mail=mail(), message=failed, now=0.0), book, Policy())
    assert decision.route == "review"
    assert "fraud-check" in decision.tags
    assert judge(Case(mail=mail(), message=asks, now=0.0), book, Policy()).route != "review"


APPEALS = {
    "en": "My account has been suspended and I don't know why. I did nothing wrong, please give it back.",
    "de": "Mein Konto wurde ohne Grund gesperrt. Bitte schalten Sie es wieder frei, ich habe nichts falsch gemacht.",
    "fr": "Mon compte a été suspendu sans raison. Je n'ai rien fait de mal, merci de le rétablir.",
    "es": "Me bloquearon la cuenta sin motivo. No hice nada malo, por favor desbloqueen mi cuenta.",
    "pt": "Bloquearam a minha conta sem motivo. Não fiz nada de errado, por favor reativem.",
    "it": "Il mio account è stato sospeso senza motivo. Non ho violato nessuna regola, sbloccatelo.",
    "nl": "Mijn account is zonder reden geblokkeerd. Ik heb niets verkeerd gedaan.",
    "pl": "Moje konto zostało zablokowane bez powodu. Proszę o odblokowanie, nic złego nie zrobiłem.",
    "ru": "Мой аккаунт заблокировали без причины. Я ничего не нарушал, верните доступ.",
    "uk": "Мій акаунт заблокували без причини. Я нічого не порушував, поверніть доступ.",
    "tr": "Hesabım sebepsiz yere kapatıldı. Hiçbir kuralı ihlal etmedim, lütfen açın.",
    "ar": "تم حظر حسابي بدون سبب. لم أخالف القوانين، أرجو فك الحظر.",
    "hi": "मेरा अकाउंट बिना कारण बंद कर दिया गया। मैंने कुछ गलत नहीं किया।",
    "hi-Latn": "mera account bina wajah band kar diya, kuch galat nahi kiya maine",
    "zh": "我的账号无缘无故被封了，我没有违规，请解封。",
    "ja": "アカウントが突然凍結されました。規約違反はしていません。解除をお願いします。",
    "ko": "제 계정이 이유 없이 정지되었습니다. 규정을 위반한 적이 없습니다. 정지 해제 부탁드립니다.",
    "id": "Akun saya diblokir tanpa alasan. Saya tidak melanggar aturan, tolong pulihkan akun saya.",
    "vi": "Tài khoản của tôi bị khóa không rõ lý do. Tôi không vi phạm, xin mở khóa tài khoản.",
    "sv": "Mitt konto har blivit avstängt utan anledning. Jag har inte gjort något fel, ge mig tillbaka det.",
}  # fmt: skip
REFUNDS = {
    "en": "You charged me twice, I want my money back.",
    "de": "Mir wurde doppelt abgebucht, ich möchte mein Geld zurück.",
    "fr": "J'ai été débité deux fois, je veux être remboursé.",
    "es": "Me cobraron dos veces, quiero un reembolso.",
    "pt": "Fui cobrado duas vezes, quero meu dinheiro de volta.",
    "it": "Mi avete addebitato due volte, voglio il rimborso.",
    "nl": "Er is dubbel afgeschreven, ik wil mijn geld terug.",
    "pl": "Pobrano dwa razy, proszę o zwrot pieniędzy.",
    "ru": "С меня списали дважды, верните деньги.",
    "uk": "З мене списали двічі, поверніть гроші.",
    "tr": "Kartımdan iki kez çekildi, para iadesi istiyorum.",
    "ar": "تم خصم المبلغ مرتين، أريد استرداد المبلغ.",
    "hi": "दो बार पैसे कट गए, मेरे पैसे वापस करो।",
    "hi-Latn": "do baar paise kat gaye, mere paise wapas karo",
    "zh": "重复扣款了，请退款。",
    "ja": "二重請求されています。返金してください。",
    "ko": "두 번 결제됐어요. 환불해 주세요.",
    "id": "Saya ditagih dua kali, tolong kembalikan uang saya.",
    "vi": "Tôi bị trừ tiền hai lần, yêu cầu hoàn tiền.",
    "sv": "Jag debiterades två gånger, jag vill ha pengarna tillbaka.",
}  # fmt: skip


def test_all_languages_are_tried():
    assert list(APPEALS) == list(REFUNDS) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plain_appeal_reaches_appeals_unseen(book, language):
    assert decide(book, APPEALS[language]).route == "appeals"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plain_claim_for_money_reaches_refunds_unseen(book, language):
    assert decide(book, REFUNDS[language]).route == "refunds"


@pytest.mark.parametrize(
    "text",
    [
        "How do I block someone on this app?",
        "Please add an option to disable the channels.",
        "there are so many scammers here, ban these accounts",
        "You should ban this game.",
        "I can't log in, the verification code never arrives.",
        "Please freeze my account, my phone was stolen.",
        "Can you unblock my card? I typed the wrong PIN.",
        "When will withdrawals to my card be available again, they are suspended?",
        "What is your refund policy?",
        "Thank you for the refund, it arrived today.",
        "My friend got banned. What happens if somebody is reported by mistake?",
        "I'd like to delete my account.",
        "Is the music in your videos protected by copyright?",
        "The app crashes when I unlock my phone.",
        "My account page loads slowly since the last update.",
        "I am a disabled customer and need a ramp at the entrance.",
        "Lovely game, we play it every evening.",
        "",
    ],
)
def test_mail_that_only_sounds_like_it_stays_general(book, text):
    assert decide(book, text).decided == "general"


URGENT = {
    "self-harm": {"en": "I want to kill myself", "de": "Ich werde mir das Leben nehmen", "fr": "je veux mourir", "es": "quiero morir, voy a quitarme la vida",
        "pt": "não quero mais viver", "it": "voglio farla finita", "nl": "ik wil niet meer leven", "pl": "nie chcę żyć"},
    "threat": {"en": "I know where you live", "de": "ich bringe euch um", "fr": "je vais vous tuer", "es": "los voy a matar",
        "pt": "vou matar vocês", "it": "vi ammazzo tutti", "nl": "ik maak jullie af", "pl": "zabiję was"},
    "child-safety": {"en": "a predator who writes to children", "de": "Verdacht auf Kinderpornografie", "fr": "contenu pédopornographique", "es": "pornografía infantil",
        "pt": "pornografia infantil", "it": "materiale pedopornografico", "nl": "dit is kinderporno", "pl": "pornografia dziecięca"},
    "authority": {"en": "a subpoena is enclosed", "de": "Auskunftsersuchen der Staatsanwaltschaft", "fr": "réquisition judiciaire", "es": "requerimiento judicial",
        "pt": "ordem judicial", "it": "procura della repubblica", "nl": "het openbaar ministerie vordert", "pl": "prokuratura rejonowa"},
    "security": {"en": "I found a vulnerability in your login", "de": "Ich habe eine Sicherheitslücke gefunden", "fr": "une faille de sécurité", "es": "una brecha de seguridad",
        "pt": "uma falha de segurança", "it": "una falla di sicurezza", "nl": "een datalek", "pl": "luka w zabezpieczeniach"},
    "data-request": {"en": "a subject access request", "de": "Auskunft nach Art. 15 DSGVO", "fr": "demande au titre du RGPD", "es": "derecho al olvido",
        "pt": "exclusão dos meus dados", "it": "cancellazione dei miei dati", "nl": "een inzageverzoek", "pl": "usunięcie moich danych"},
}  # fmt: skip


@pytest.mark.parametrize(("signal", "language"), [(signal, language) for signal in URGENT for language in ALARMS])
def test_urgent_signals_are_raised_in_eight_languages(book, signal, language):
    assert decide(book, URGENT[signal][language]).urgent == (signal,)


@pytest.mark.parametrize(
    "text",
    [
        "this level is killing me",
        "I can't live without this app, dying to see the next one",
        "we saw Suicide Squad last night",
        "I'll shoot you an email, watch out for the parcel",
        "the bath bomb arrived broken",
        "pet grooming set, blue",
        "the court shoes in size 39",
        "I had to wait two hours at airport security",
        "are you GDPR compliant?",
        "I will call the police if my parcel doesn't come",
    ],
)
def test_harmless_words_raise_no_alarm(book, text):
    assert decide(book, text).urgent == ()


def test_account_status_of_an_authenticated_sender_counts(book):
    plea = message("hello", "I did nothing wrong, please look at it again.")
    known = replace(plea, auth=Authentication(state="pass", method="dkim", domain="example.com", reason=""))
    suspended = judge(
        Case(mail=mail(), message=known, account=AccountStatus(state="suspended"), now=0.0), book, Policy()
    )
    unknown = judge(Case(mail=mail(), message=known, now=0.0), book, Policy())
    assert dict(suspended.probabilities)[RouteName("appeals")] > dict(unknown.probabilities)[RouteName("appeals")]


def test_rules_read_only_documented_fields(book):
    assert {name for rule in book.rules.rules for name in rule.reads} <= {field.name for field in FIELDS}
