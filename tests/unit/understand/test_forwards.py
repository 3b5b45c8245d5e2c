"""Mail that was passed on: who the customer is, and which words are the customer's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.model.message import Address, Forward
from postroom.model.trust import Trust
from postroom.understand.forwards import Attached, Found, address_in, find

TEAM = Address(name="Tess", addr="tess@shop.test")
OWN = Address(name="Support", addr="support@shop.test")
ROBOT = Address(name="", addr="forms@formhost.test")
ADA = Address(name="Ada Lovelace", addr="ada@example.com")
TRUST = Trust(
    team_domains=frozenset({"shop.test"}),
    form_senders=frozenset({"forms@formhost.test"}),
    own_addresses=frozenset({"support@shop.test"}),
)
WORDS = "Please restore my account, it was suspended by mistake."

INLINE = {
    "gmail": "---------- Forwarded message ---------\nFrom: Ada Lovelace <ada@example.com>\nDate: Thu, 2 May 2024 at 10:00\nSubject: My account\nTo: <support@shop.test>\n\n\n",
    "gmail-de": "---------- Forwarded message ---------\nVon: Ada Lovelace <ada@example.com>\nDate: Do., 2. Mai 2024 um 10:00 Uhr\nSubject: My account\nTo: <support@shop.test>\n\n",
    "gmail-ru": "---------- Пересланное сообщение ---------\nОт: Ada Lovelace <ada@example.com>\nДата: чт, 2 мая 2024 г.\nТема: My account\nКому: <support@shop.test>\n\n",
    "apple": "Begin forwarded message:\n\n> From: Ada Lovelace <ada@example.com>\n> Subject: My account\n> Date: 2 May 2024 at 10:00:00 CEST\n> To: support@shop.test\n> \n> ",
    "apple-de": "Anfang der weitergeleiteten Nachricht:\n\nVon: Ada Lovelace <ada@example.com>\nBetreff: My account\nDatum: 2. Mai 2024 um 10:00:00 MESZ\nAn: support@shop.test\n\n",
    "apple-fr": "Début du message transféré :\n\nDe: Ada Lovelace <ada@example.com>\nObjet: My account\nDate: 2 mai 2024 à 10:00:00 UTC+2\nÀ: support@shop.test\n\n",
    "thunderbird-es": "-------- Mensaje reenviado --------\nAsunto: \tMy account\nFecha: \tThu, 2 May 2024 10:00:00 +0200\nDe: \tAda Lovelace <ada@example.com>\nPara: \tsupport@shop.test\n\n",
    "thunderbird-it": "-------- Messaggio Inoltrato --------\nOggetto: \tMy account\nData: \tThu, 2 May 2024 10:00:00 +0200\nMittente: \tAda Lovelace <ada@example.com>\nA: \tsupport@shop.test\n\n",
    "thunderbird-nl": "-------- Doorgestuurd bericht --------\nOnderwerp: \tMy account\nDatum: \tThu, 2 May 2024 10:00:00 +0200\nVan: \tAda Lovelace <ada@example.com>\nAan: \tsupport@shop.test\n\n",
    "ja": "---------- 転送メッセージ ----------\n差出人: Ada Lovelace <ada@example.com>\n日付: 2024年5月2日\n件名: My account\n宛先: support@shop.test\n\n",
    "zh": "---------- 转发的邮件 ----------\n发件人：Ada Lovelace <ada@example.com>\n日期：2024年5月2日\n主题：My account\n收件人：support@shop.test\n\n",
    "ko": "---------- 전달된 메시지 ----------\n보낸사람: Ada Lovelace <ada@example.com>\n날짜: 2024년 5월 2일\n제목: My account\n받는사람: support@shop.test\n\n",
    "pl": "---------- Wiadomość przekazana dalej ----------\nOd: Ada Lovelace <ada@example.com>\nData: 2 maja 2024\nTemat: My account\nDo: support@shop.test\n\n",
    "tr": "---------- Yönlendirilmiş ileti ----------\nKimden: Ada Lovelace <ada@example.com>\nTarih: 2 Mayıs 2024\nKonu: My account\nKime: support@shop.test\n\n",
    "sv": "---------- Vidarebefordrat meddelande ----------\nFrån: Ada Lovelace <ada@example.com>\nDatum: 2 maj 2024\nÄmne: My account\nTill: support@shop.test\n\n",
    "he": "---------- הודעה שהועברה ----------\nמאת: Ada Lovelace <ada@example.com>\nתאריך: 2 במאי 2024\nנושא: My account\nאל: support@shop.test\n\n",
}  # fmt: skip
OUTLOOK = "From: Ada Lovelace <ada@example.com>\nSent: Thursday, May 2, 2024 10:00 AM\nTo: Support <support@shop.test>\nSubject: My account\n\n"


def check(found: Found | None, how: str = "colleague", subject: str = "My account") -> None:
    assert found is not None
    assert found.forward == Forward(how=how, customer=ADA, subject=subject)  # type: ignore[arg-type]
    assert found.new_text == WORDS


@pytest.mark.parametrize("block", INLINE.values(), ids=INLINE)
def test_a_colleagues_inline_forward(block: str) -> None:
    check(find(f"Please handle this one.\n\nTess\n\n{block}{WORDS}\n", "Fwd: My account", TEAM, (), TRUST))
    check(find(f"{block}{WORDS}\n", "anything", TEAM, (), TRUST))


@pytest.mark.parametrize(
    "subject",
    [
        "FW: My account",
        "Fwd: My account",
        "WG: My account",
        "TR: My account",
        "RV: My account",
        "ENC: My account",
        "I: My account",
        "PD: My account",
        "VS: My account",
        "转发：My account",
    ],
)
def test_outlook_forwards_are_told_from_answers_by_the_subject(subject: str) -> None:
    check(find(f"see below\n\n________________________________\n{OUTLOOK}{WORDS}", subject, TEAM, (), TRUST))
    assert find(f"Done.\n\n{OUTLOOK}{WORDS}", "RE: My account", TEAM, (), TRUST) is None


def test_forward_with_an_attribution_below_its_title() -> None:
    text = (
        f'-------- Пересылаемое сообщение --------\n02.05.2024, 10:00, "Ada Lovelace" <ada@example.com>:\n\n{WORDS}\n'
    )
    found = find(text, "Fwd: My account", TEAM, (), TRUST)
    check(found)


def test_attached_mail() -> None:
    check(find("fyi", "FW", TEAM, (), TRUST, Attached(from_=ADA, subject="My account", text=WORDS + "\n\n-- \nAda")))


def test_the_customer_below_a_colleague_of_the_colleague() -> None:
    inner = INLINE["gmail"] + WORDS
    outer = f"---------- Forwarded message ---------\nFrom: Bo <bo@shop.test>\nDate: Thu, 2 May 2024\nSubject: Fwd: My account\nTo: <tess@shop.test>\n\nwhat now?\n\n{inner}"
    check(find(outer, "Fwd: Fwd: My account", TEAM, (), TRUST))


def test_a_no_reply_address_is_nobodys() -> None:
    text = f"---------- Forwarded message ---------\nFrom: Shop <no-reply@mailer.test>\nSubject: Note\nDate: Thu, 2 May 2024\nTo: x@shop.test\n\n{WORDS}"
    found = find(text, "Fwd: Note", TEAM, (), TRUST)
    assert found is not None
    assert found.forward.customer is None
    assert found.new_text == WORDS


def test_a_strangers_forward_is_not_one() -> None:
    assert find(INLINE["gmail"] + WORDS, "Fwd: My account", Address(name="", addr="eve@example.net"), (), TRUST) is None
    assert find(INLINE["gmail"] + WORDS, "Fwd: My account", None, (), TRUST) is None


FORMS = {
    "lines": f"Name: Ada Lovelace\nE-mail: ada@example.com\nPhone: 123\nSubject: My account\nMessage: {WORDS}\n",
    "below": f"Name\nAda Lovelace\n\nEmail\nada@example.com\n\nSubject\nMy account\n\nMessage\n{WORDS}\n\n--\nThis e-mail was sent from a contact form on Shop (https://shop.test)",
    "bold": f"*Name:* Ada Lovelace\n*Email:* ada@example.com\n*Subject:* My account\n*Message:*\n{WORDS}\n",
    "table": f"Name:\t\tAda Lovelace\nEmail:\t\tada@example.com\nSubject:\t\tMy account\nMessage:\t\t{WORDS}\n",
    "wordpress": f"From: Ada Lovelace <ada@example.com>\nName: Ada Lovelace\nEmail: ada@example.com\nSubject: My account\n\nMessage Body:\nMessage:\n{WORDS}\n\n-- \nThis e-mail was sent from a contact form on Shop",
    "de": f"Name: Ada Lovelace\nE-Mail-Adresse: ada@example.com\nBetreff: My account\nNachricht:\n{WORDS}",
    "fr": f"Nom : Ada Lovelace\nAdresse e-mail : ada@example.com\nSujet : My account\nMessage : {WORDS}",
    "es": f"Nombre: Ada Lovelace\nCorreo electrónico: ada@example.com\nAsunto: My account\nMensaje: {WORDS}",
    "pt": f"Nome: Ada Lovelace\nE-mail: ada@example.com\nAssunto: My account\nMensagem: {WORDS}",
    "ru": f"Имя: Ada Lovelace\nЭл. почта: ada@example.com\nТема: My account\nСообщение: {WORDS}",
    "ja": f"お名前：Ada Lovelace\nメールアドレス：ada@example.com\n件名：My account\nお問い合わせ内容：\n{WORDS}",
    "zh": f"姓名：Ada Lovelace\n邮箱：ada@example.com\n主题：My account\n留言：{WORDS}",
}  # fmt: skip


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("sender", [ROBOT, OWN], ids=["form-sender", "own-address"])
def test_contact_forms(text: str, sender: Address) -> None:
    check(find(text, "New submission", sender, (), TRUST), how="form")


def test_form_whose_customer_is_in_reply_to() -> None:
    check(
        find(
            f"Name: Ada Lovelace\nSubject: My account\nMessage: {WORDS}",
            "Contact",
            ROBOT,
            (Address(name="", addr="ada@example.com"),),
            TRUST,
        ),
        how="form",
    )


def test_form_sender_without_fields_still_passes_words_on() -> None:
    found = find(WORDS, "Contact", ROBOT, (ADA,), TRUST)
    check(found, how="form", subject="")


def test_form_keeps_every_line_of_a_long_message() -> None:
    message = "Hello,\n\nmy order: 12\nName\nwas not delivered.\n\nEmail: other@example.com was used."
    found = find(f"Name: Ada Lovelace\nEmail: ada@example.com\nMessage: {message}", "x", ROBOT, (), TRUST)
    assert found is not None
    assert set(message.split()) <= set(found.new_text.split())
    assert found.forward.customer == ADA


def test_a_colleagues_own_words_are_no_form() -> None:
    assert find("Name: Tess\nplease call me", "hello", TEAM, (), TRUST) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Ada Lovelace <ada@Example.COM>", ADA), ('"Ada Lovelace" <ada@example.com>', ADA), ("Ada Lovelace [mailto:ada@example.com]", ADA), ("Ada Lovelace (ada@example.com)", ADA), ("ada@example.com", Address(name="", addr="ada@example.com")),
        ("ada@example.com <mailto:ada@example.com>", Address(name="", addr="ada@example.com")), ("nobody", None), ("\ud800", None),
    ],
)  # fmt: skip
def test_address_as_mail_programs_show_it(value: str, expected: Address | None) -> None:
    assert address_in(value) == expected


@given(st.text(), st.text(max_size=30), st.booleans())
def test_any_text_is_read(text: str, subject: str, form: bool) -> None:
    found = find(
        text,
        subject,
        ROBOT if form else TEAM,
        (),
        TRUST,
        Attached(from_=None, subject=subject, text=text) if form else None,
    )
    assert found is None or found.forward.customer not in (TEAM, ROBOT, OWN)


FORM_MAIL = f"Name: Ada Lovelace\nEmail: ada@example.com\nSubject: My account\nMessage: {WORDS}\n"
FROM_THE_SHOP = "---------- Forwarded message ---------\nFrom: Shop <no-reply@mailer.test>\nDate: Thu, 2 May 2024\nSubject: New submission\nTo: <tess@shop.test>\n\n"


def test_a_forwarded_form_mail_leads_to_who_filled_the_form_in() -> None:
    check(find(f"Who takes this?\n\n{FROM_THE_SHOP}{FORM_MAIL}", "Fwd: New submission", TEAM, (), TRUST))


def test_the_subject_of_the_form_mail_stands_for_one_that_the_form_lacks() -> None:
    form = FORM_MAIL.replace("Subject: My account\n", "")
    check(
        find(FROM_THE_SHOP + form, "Fwd: New submission", TEAM, (), TRUST),
        subject="New submission",
    )


@pytest.mark.parametrize(
    "text", [INLINE["gmail"] + WORDS, FORM_MAIL, f"{FORM_MAIL}\n{FROM_THE_SHOP}Thank you."], ids=["forward", "form", "form-above"]
)  # fmt: skip
def test_the_customer_inside_an_attached_mail_of_a_colleague(text: str) -> None:
    bo = Address(name="Bo", addr="bo@shop.test")
    check(find("fyi", "FW", TEAM, (), TRUST, Attached(from_=bo, subject="Fwd: My account", text=text)))


def test_an_attached_mail_of_a_colleague_that_leads_to_nobody_is_still_passed_on() -> None:
    attached = Attached(from_=OWN, subject="My account", text=WORDS)
    found = find("fyi", "FW", TEAM, (), TRUST, attached)
    assert found == Found(forward=Forward(how="colleague", customer=None, subject="My account"), new_text=WORDS)


def test_a_colleagues_own_line_with_a_label_is_not_the_forwarded_header() -> None:
    check(find(f"Subject: see below\n\nPlease handle.\n\n{OUTLOOK}{WORDS}", "FW: My account", TEAM, (), TRUST))


def test_an_attribution_over_two_lines_below_a_forwards_title() -> None:
    found = find(
        f"-------- Forwarded message --------\nOn Thu, 2 May 2024 at 10:00,\nAda Lovelace <ada@example.com> wrote:\n\n> {WORDS}\n",
        "Fwd: Fwd: My account",
        TEAM,
        (),
        TRUST,
    )
    assert found is not None
    assert found.forward.customer is not None
    assert (found.forward.customer.addr, found.forward.subject) == (ADA.addr, "My account")
    assert found.new_text == WORDS


def test_a_forward_that_names_nobody_keeps_the_words() -> None:
    found = find(f"-------- Forwarded message --------\n{WORDS}\n", "Fwd: My account", TEAM, (), TRUST)
    assert found == Found(forward=Forward(how="colleague", customer=None, subject="My account"), new_text=WORDS)
