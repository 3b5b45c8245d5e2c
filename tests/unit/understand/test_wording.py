"""Automatic replies by their words alone, and people who write about absence."""

import pytest

from postroom.understand import wording

#: (language, subject, text) that a responder wrote, with no header to say so
AUTOMATIC = [
    ("en", "Out of office", "Hello,\n\nThank you for your email. I am currently out of the office until Monday, 9 November, with limited access to email.\n\nFor urgent matters please contact my colleague at desk@example.com.\n\nBest regards,\nSam"),
    ("en", "Re: your notice", "I'm away on annual leave and will be back on 12 November. I will respond to your message when I return."),
    ("en", "Automatic reply: Your account", "I will be on parental leave from 1 October to 1 March. For anything urgent please call the office."),
    ("en", "Ticket 4411", "This is an automated response. We have received your message and will get back to you as soon as possible. Please do not reply to this email."),
    ("en", "Read: hello", "Your message To: Ada Subject: hello Sent: Monday was read on Tuesday, 3 November 2026."),
    ("en", "One more step", "Please confirm that you are human. Click the link below and your message will be delivered."),
    ("de", "Abwesenheitsnotiz", "Guten Tag,\n\nvielen Dank für Ihre Nachricht. Ich bin bis zum 14.11. nicht im Büro. In dringenden Fällen wenden Sie sich bitte an meine Kollegin.\n\nViele Grüße\nJonas"),
    ("de", "AW: Anfrage", "Ich befinde mich derzeit im Urlaub und bin ab dem 20.11. wieder zurück. Ihre E-Mail wird nicht weitergeleitet."),
    ("de", "AW: Anfrage", "Ich bin bis 13. November nicht im Büro. Ihre Nachricht wird nicht weitergeleitet."),
    ("de", "AW: Rechnung", "Guten Tag, vom 2. März bis zum 13. Nov. bin ich im Urlaub. Ab dem 16. November bin ich wieder im Büro."),
    ("fr", "Réponse automatique", "Bonjour,\n\nJe suis actuellement absente du bureau jusqu'au 15 novembre. En cas d'urgence, merci de contacter ma collègue.\n\nCordialement,\nLéa"),
    ("es", "Respuesta automática: hola", "Hola,\n\nGracias por su mensaje. Estoy fuera de la oficina hasta el 16 de noviembre. Para temas urgentes contacte con mi compañera.\n\nSaludos"),
    ("pt", "Resposta automática", "Olá,\n\nObrigado pela mensagem. Estou de férias até o dia 20 de novembro. Em caso de urgência, contate a minha colega.\n\nAtenciosamente,\nRui"),
    ("it", "Risposta automatica", "Buongiorno,\n\ngrazie per il messaggio. Sono fuori ufficio fino al 18 novembre. Per urgenze contattate il mio collega.\n\nCordiali saluti"),
    ("nl", "Afwezig", "Hallo,\n\nBedankt voor uw bericht. Ik ben tot 19 november niet aanwezig. Voor dringende zaken kunt u contact opnemen met mijn collega.\n\nGroeten"),
    ("pl", "Automatyczna odpowiedź", "Dzień dobry,\n\ndziękuję za wiadomość. Jestem na urlopie do dnia 20.11. W pilnych sprawach proszę o kontakt z biurem.\n\nPozdrawiam"),
    ("ru", "Автоответ", "Здравствуйте!\n\nСпасибо за письмо. Я нахожусь в отпуске до 20 ноября. По срочным вопросам обращайтесь к коллегам.\n\nС уважением"),
    ("tr", "Otomatik yanıt", "Merhaba,\n\nMesajınız için teşekkürler. 20 Kasım tarihine kadar yıllık izinde olacağım. Acil durumlar için ofis ile iletişime geçiniz.\n\nSaygılarımla"),
    ("sv", "Autosvar", "Hej!\n\nTack för ditt mejl. Jag är på semester till 20 november. Vid brådskande ärenden kontakta kontoret.\n\nHälsningar"),
    ("da", "Autosvar", "Hej\n\nTak for din mail. Jeg er på ferie og er tilbage den 20. november. Hvis det haster, kontakt kontoret.\n\nHilsen"),
    ("ja", "自動返信", "お問い合わせありがとうございます。\n11月20日まで不在にしております。お急ぎの方は事務所までご連絡ください。"),
    ("zh", "自动回复", "您好，感谢您的来信。我正在休假，11月20日返回。紧急事务请联系我的同事。"),
    ("ko", "부재중", "메일 감사합니다. 11월 20일까지 휴가 중입니다. 긴급한 용건은 사무실로 연락 주십시오."),
]  # fmt: skip

#: (language, subject, text) of people
PEOPLE = [
    ("en", "Vacation", "I am on vacation in Spain and my account was suspended while I was away. Please restore it, I need my tickets."),
    ("en", "Out of office feature", "How do I switch on the out of office reply in your app? I looked in the settings and found nothing."),
    ("en", "Locked out", "I will be out of the office until Monday, so please unlock my account before the weekend, my whole team depends on it."),
    ("en", "This is strange", "I got a mail that says this is an automated message, my shop is closed for ever. I never sold anything forbidden, somebody should look at that again."),
    ("en", "Re: Automatic reply: help", "Thanks, but I do not want to wait until your colleague returns from leave. Somebody took over my profile and writes to all my friends."),
    ("en", "Order", "I am travelling and the parcel came while nobody was home. The driver left it in the rain and the content is ruined."),
    ("de", "Termin", "Ich war bis zum 13. Im Urlaub habe ich gesehen, dass mein Profil fehlt. Das Profil gehört mir seit 2019 und war nie auffällig."),
    ("de", "Konto gesperrt", "Ich bin gerade im Urlaub und mein Konto wurde gesperrt. Bitte schalten Sie es wieder frei, ich komme nicht an meine Buchungen."),
    ("de", "Urlaub", "Ich war im Urlaub und habe erst heute gesehen, dass Sie mein Profil gelöscht haben. Das war nicht berechtigt."),
    ("fr", "Compte", "Je suis en vacances et mon compte a été bloqué hier soir. Pourriez-vous le réactiver, je ne peux plus payer mon hôtel."),
    ("es", "Cuenta", "Estoy de vacaciones y mi cuenta fue suspendida sin motivo. Necesito recuperarla hoy, tengo reservas pendientes."),
    ("pt", "Conta", "Estou de férias e a minha conta foi bloqueada. Preciso de acesso às minhas fotos o mais depressa possível."),
    ("it", "Account", "Sono in ferie e il mio account è stato sospeso senza motivo. Chiedo che venga riattivato."),
    ("nl", "Account", "Ik ben op vakantie en mijn account is geblokkeerd. Kunt u dit ongedaan maken, ik heb mijn boekingen nodig?"),
    ("pl", "Konto", "Jestem na urlopie i moje konto zostało zablokowane. Proszę je przywrócić, mam tam wszystkie bilety."),
    ("ru", "Аккаунт", "Я нахожусь в отпуске, а мой аккаунт заблокирован. Верните мне доступ, там все мои билеты и фотографии."),
    ("tr", "Hesap", "Tatilde olduğum için hesabıma giremiyorum, hesabım kapatılmış. Lütfen hesabımı geri açın, biletlerim orada."),
    ("sv", "Konto", "Jag är på semester och mitt konto har stängts av utan förklaring. Ni måste öppna det igen, alla mina biljetter finns där."),
    ("ja", "アカウント", "休暇中にアカウントが停止されました。心当たりがありません。理由を教えていただき、すぐに復旧してください。写真がすべて入っています。"),
    ("zh", "账号", "我正在休假，账号却被封号了。我没有违反任何规定，请尽快恢复我的账号，里面有我所有的订单。"),
    ("ko", "계정", "휴가 중인데 제 계정이 정지되었습니다. 저는 규정을 어긴 적이 없습니다. 다시 풀어 주세요."),
]  # fmt: skip


@pytest.mark.parametrize(("language", "subject", "text"), AUTOMATIC)
def test_a_responder_is_recognised_by_its_words(language: str, subject: str, text: str) -> None:
    assert wording.automatic(subject, text), language


@pytest.mark.parametrize(("language", "subject", "text"), PEOPLE)
def test_a_person_who_mentions_absence_is_a_person(language: str, subject: str, text: str) -> None:
    assert wording.automatic(subject, text) == "", language


@pytest.mark.parametrize(
    ("subject", "automatic"),
    [
        ("Automatic reply: Your order", True),
        ("Abwesenheitsnotiz", True),
        ("Réponse automatique : bonjour", True),
        ("自動返信", True),
        ("Re: Automatic reply: Your order", False),
        ("Automatic reply feature is broken", False),
        ("Out of office hours billing", False),
        ("", False),
    ],
)
def test_subjects_of_responders(subject: str, automatic: bool) -> None:
    assert wording.automatic_subject(subject) is automatic


def test_a_long_mail_is_never_automatic_by_words() -> None:
    text = "I am out of the office until Monday. " + "Please contact my colleague if it is urgent. " * 40
    assert wording.automatic("Out of office", text) == ""


#: (subject, text) written after the tables were, before they were looked at again
LATER_AUTOMATIC = [
    ('Out of the Office', 'Hi there, thanks for reaching out. I am away from my desk this week and will reply when I am back on Monday. If your matter is urgent, call 555-0100.'),
    ('Re: Invoice', 'I am currently on vacation, returning August 14th, and will have sporadic access to email. Please contact Jane Doe (jane@example.test) in my absence.'),
    ('Re: question', 'Thank you for contacting Example. Your message has been received and a member of our team will respond within 24 hours. This is an automated message, please do not reply.'),
    ('Auto: hi', 'Our offices are closed for the holidays from December 24 through January 2. We will respond to your message when we return.'),
    ('RE: x', 'Hello! I no longer work at Example. Please direct your enquiries to info@example.test.'),
    ('AW: Frage', 'Guten Tag, ich bin vom 1.8. bis 20.8.2026 nicht im Büro. Ihre E-Mails werden nicht weitergeleitet. In dringenden Fällen wenden Sie sich an Frau Schmidt.'),
    ('Réponse automatique', 'Bonjour, je suis en congés du 3 au 17 août inclus. Pour toute urgence, vous pouvez joindre Paul Martin. Bien cordialement'),
    ('RE: demande', 'Je suis absent jusqu’au 20 août. Je prendrai connaissance de votre message à mon retour.'),
    ('Fuera de la oficina', 'Estaré fuera de la oficina del 1 al 15 de agosto con acceso limitado al correo. En caso de urgencia llame al 555.'),
    ('RE: hola', 'Me encuentro de vacaciones y regresaré el 10 de julio. Responderé su correo a mi regreso.'),
    ('Ausência', 'Encontro-me ausente até 15/08. Responderei assim que possível.'),
    ('Fuori sede', 'Sono in ferie dal 5 al 20 agosto. Risponderò al mio rientro. Per urgenze scrivere a ufficio@example.test'),
    ('Afwezig', 'Ik ben op vakantie van 1 tot en met 15 augustus. Uw e-mail wordt niet doorgestuurd.'),
    ('Poza biurem', 'Przebywam na urlopie do 15 sierpnia. Odpowiem po powrocie.'),
    ('Автоответ', 'Добрый день! Буду отсутствовать в офисе с 1 по 15 августа. Отвечу на письмо после возвращения.'),
    ('Otomatik', '15 Ağustos tarihine kadar ofis dışında olacağım. Acil konular için arkadaşım ile iletişime geçebilirsiniz.'),
    ('Frånvaro', 'Jag är ledig till och med 15 augusti. Jag läser inte min mejl under tiden.'),
    ('不在', '誠に勝手ながら8月10日から15日まで夏季休暇中のため不在にしております。16日以降にご返信いたします。'),
    ('自动回复', '我目前外出中，邮件可能无法及时回复，紧急事情请致电。'),
    ('자동 회신', '현재 출장 중이라 메일 확인이 어렵습니다. 8월 15일 이후 답변드리겠습니다.'),
]  # fmt: skip
LATER_PEOPLE = [
    ('Help', 'I am currently traveling and cannot receive the SMS code, so I cannot log in. Is there another way to verify me?'),
    ('Help', 'My wife is on maternity leave and her seller account was terminated. We rely on the income.'),
    ('Notice', 'I received an automated message saying I violated the rules. I have done nothing wrong and want a human to review it.'),
    ('Store closed', 'We are closed by your team and lost all our sales. Open my store now.'),
    ('Urlaub', 'Ich bin nicht im Urlaub gewesen und habe den Kauf nicht getätigt. Bitte um Erstattung.'),
    ('hola', 'Estoy de viaje y perdí mi teléfono, no puedo entrar a mi cuenta. Ayuda por favor.'),
    ('x', 'Ik ben op reis en mijn telefoon is gestolen. Kunnen jullie mijn account tijdelijk blokkeren.'),
    ('x', 'Я в командировке и не могу войти в аккаунт, код не приходит. Помогите.'),
    ('x', '出張中にスマホを紛失し、ログインできません。対応をお願いします。'),
    ('x', '我外出中手机丢了，无法登录账号，请帮忙。'),
    ('Reply', 'Thank you, I will reply when I get back to the office tomorrow.'),
    ('Refund', 'Please reply, do not send another automated reply.'),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "text"), LATER_AUTOMATIC)
def test_another_responder_is_recognised(subject: str, text: str) -> None:
    assert wording.automatic(subject, text)


@pytest.mark.parametrize(("subject", "text"), LATER_PEOPLE)
def test_another_person_is_a_person(subject: str, text: str) -> None:
    assert wording.automatic(subject, text) == ""


def test_an_absence_that_is_only_said_across_clauses_is_a_persons() -> None:
    assert wording.automatic("AW: Anfrage", "Ich bin gerade nicht im Büro")
    assert wording.automatic("AW: Anfrage", "Ich bin, wie gesagt, nicht im Büro") == ""
