"""What was written now: quotes of many mail programs in many languages, signatures, disclaimers, and what must not be cut."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.understand.newtext import Parts, split
from postroom.understand.patterns import readable
from tests.unit.understand import pace

NEW = "Bitte helfen Sie mir, my account was closed.\n請幫忙"

GMAIL = {
    "en": "On Thu, 2 May 2024 at 10:00, Ada Lovelace <ada@example.com> wrote:",
    "en-us": "On Thu, May 2, 2024 at 10:00 AM Ada Lovelace <ada@example.com> wrote:",
    "de": "Am Do., 2. Mai 2024 um 10:00 Uhr schrieb Ada Lovelace <ada@example.com>:",
    "fr": "Le jeu. 2 mai 2024 à 10:00, Ada Lovelace <ada@example.com> a écrit :",
    "es": "El jue, 2 may 2024 a las 10:00, Ada Lovelace (<ada@example.com>) escribió:",
    "pt-br": "Em qui., 2 de mai. de 2024 às 10:00, Ada Lovelace <ada@example.com> escreveu:",
    "pt": "Ada Lovelace <ada@example.com> escreveu (quinta, 2/05/2024 à(s) 10:00):",
    "it": "Il giorno gio 2 mag 2024 alle ore 10:00 Ada Lovelace <ada@example.com> ha scritto:",
    "nl": "Op do 2 mei 2024 om 10:00 schreef Ada Lovelace <ada@example.com>:",
    "pl": "czw., 2 maj 2024 o 10:00 Ada Lovelace <ada@example.com> napisał(a):",
    "ru": "чт, 2 мая 2024 г. в 10:00, Ada Lovelace <ada@example.com>:",
    "uk": "чт, 2 трав. 2024 р. о 10:00 Ada Lovelace <ada@example.com> пише:",
    "tr": "Ada Lovelace <ada@example.com>, 2 May 2024 Per, 10:00 tarihinde şunu yazdı:",
    "ar": "في الخميس، 2 مايو 2024 في 10:00 ص تمت كتابة ما يلي بواسطة \u202aAda Lovelace\u202c\u200f <\u202aada@example.com\u202c\u200f>:\u202c",
    "hi": "गुरु, 2 मई 2024 को 10:00 am बजे को Ada Lovelace <ada@example.com> ने लिखा:",
    "zh-cn": "Ada Lovelace <ada@example.com> 于2024年5月2日周四 10:00写道：",
    "zh-tw": "Ada Lovelace <ada@example.com> 於 2024年5月2日 週四 上午10:00寫道：",
    "ja": "2024年5月2日(木) 10:00 Ada Lovelace <ada@example.com>:",
    "ko": "2024년 5월 2일 (목) 오전 10:00, Ada Lovelace <ada@example.com>님이 작성:",
    "sv": "Den tors 2 maj 2024 kl 10:00 skrev Ada Lovelace <ada@example.com>:",
    "da": "tors. 2. maj 2024 kl. 10.00 skrev Ada Lovelace <ada@example.com>:",
    "no": "tor. 2. mai 2024 kl. 10:00 skrev Ada Lovelace <ada@example.com>:",
    "fi": "to 2. toukok. 2024 klo 10.00 Ada Lovelace (ada@example.com) kirjoitti:",
    "cs": "čt 2. 5. 2024 v 10:00 odesílatel Ada Lovelace <ada@example.com> napsal:",
    "hu": "Ada Lovelace <ada@example.com> ezt írta (időpont: 2024. máj. 2., Cs, 10:00):",
    "ro": "În joi, 2 mai 2024 la 10:00, Ada Lovelace <ada@example.com> a scris:",
    "el": "Στις Πέμ 2 Μαΐ 2024 στις 10:00 π.μ., ο/η Ada Lovelace <ada@example.com> έγραψε:",
    "vi": "Vào Th 5, 2 thg 5, 2024 vào lúc 10:00 Ada Lovelace <ada@example.com> đã viết:",
    "id": "Pada tanggal Kam, 2 Mei 2024 pukul 10.00 Ada Lovelace <ada@example.com> menulis:",
    "th": "ในวันที่ พฤ. 2 พ.ค. 2024 เวลา 10:00 Ada Lovelace <ada@example.com> เขียนว่า:",
    "he": "\u202bבתאריך יום ה׳, 2 במאי 2024 ב-10:00 מאת \u202aAda Lovelace\u202c\u200f <\u202aada@example.com\u202c\u200f>:\u202c",
    "sk": "št 2. 5. 2024 o 10:00 Ada Lovelace <ada@example.com> napísal(a):",
    "bg": "На чт, 2.05.2024 г. в 10:00 Ada Lovelace <ada@example.com> написа:",
    "hr": "čet, 2. svi 2024. u 10:00 Ada Lovelace <ada@example.com> napisao je:",
    "old": "2024-05-02 10:00 GMT+02:00 Ada Lovelace <ada@example.com>:",
}

THUNDERBIRD = {
    "en": "On 02/05/2024 10:00, Ada Lovelace wrote:",
    "de": "Am 02.05.24 um 10:00 schrieb Ada Lovelace:",
    "fr": "Le 02/05/2024 à 10:00, Ada Lovelace a écrit :",
    "es": "El 2/5/24 a las 10:00, Ada Lovelace escribió:",
    "it": "Il 02/05/2024 10:00, Ada Lovelace ha scritto:",
    "pt": "Em 02/05/2024 10:00, Ada Lovelace escreveu:",
    "nl": "Op 02-05-2024 om 10:00 schreef Ada Lovelace:",
    "pl": "W dniu 2.05.2024 o 10:00, Ada Lovelace pisze:",
    "ru": "02.05.2024 10:00, Ada Lovelace пишет:",
    "uk": "02.05.24 10:00, Ada Lovelace пише:",
    "sv": "Den 2024-05-02 kl. 10:00, skrev Ada Lovelace:",
    "da": "Den 02.05.2024 kl. 10.00 skrev Ada Lovelace:",
    "no": "Den 02.05.2024 10:00, skrev Ada Lovelace:",
    "fi": "Ada Lovelace kirjoitti 2.5.2024 klo 10.00:",
    "cs": "Dne 02. 05. 24 v 10:00 Ada Lovelace napsal(a):",
    "hu": "2024. 05. 02. 10:00 keltezéssel, Ada Lovelace írta:",
    "ro": "Pe 02.05.2024 10:00, Ada Lovelace a scris:",
    "el": "Στις 2/5/24 10:00, ο/η Ada Lovelace έγραψε:",
    "tr": "2.05.2024 10:00 tarihinde Ada Lovelace yazdı:",
    "ja": "2024/05/02 10:00、Ada Lovelaceさんが書きました:",
    "zh": "在 2024/5/2 10:00, Ada Lovelace 写道:",
    "vi": "Vào 02/05/2024 10:00, Ada Lovelace đã viết:",
    "id": "Pada 02/05/24 10.00, Ada Lovelace menulis:",
    "he": "ב-02/05/2024 10:00, Ada Lovelace כתב:",
}

OTHERS = {
    "apple-en": "On 2 May 2024, at 10:00, Ada Lovelace <ada@example.com> wrote:",
    "apple-de": "Am 02.05.2024 um 10:00 schrieb Ada Lovelace <ada@example.com>:",
    "apple-fr": "Le 2 mai 2024 à 10:00, Ada Lovelace <ada@example.com> a écrit :",
    "apple-nl": "Op 2 mei 2024 om 10:00 heeft Ada Lovelace <ada@example.com> het volgende geschreven:",
    "apple-it": "Il giorno 2 mag 2024, alle ore 10:00, Ada Lovelace <ada@example.com> ha scritto:",
    "apple-pl": "Wiadomość napisana przez Ada Lovelace <ada@example.com> w dniu 02.05.2024, o godz. 10:00:",
    "apple-ja": "2024/05/02 10:00、Ada Lovelace <ada@example.com>のメール:",
    "apple-ko": "2024. 5. 2. 오전 10:00, Ada Lovelace <ada@example.com> 작성:",
    "apple-zh": "2024年5月2日 10:00，Ada Lovelace <ada@example.com> 写道：",
    "apple-ru": "2 мая 2024 г., в 10:00, Ada Lovelace <ada@example.com> написал(а):",
    "apple-tr": "Ada Lovelace <ada@example.com> şunları yazdı (2 May 2024 10:00):",
    "apple-pt": "Em 2 de mai. de 2024, à(s) 10:00, Ada Lovelace <ada@example.com> escreveu:",
    "yahoo-en": "On Thursday, May 2, 2024 at 10:00:00 AM GMT+2, Ada Lovelace <ada@example.com> wrote:",
    "yahoo-de": "Am Donnerstag, 2. Mai 2024 um 10:00:00 MESZ hat Ada Lovelace <ada@example.com> Folgendes geschrieben:",
    "yahoo-fr": "Le jeudi 2 mai 2024 à 10:00:00 UTC+2, Ada Lovelace <ada@example.com> a écrit :",
    "yahoo-es": "El jueves, 2 de mayo de 2024, 10:00:00 CEST, Ada Lovelace <ada@example.com> escribió:",
    "yahoo-it": "Il giovedì 2 maggio 2024 alle ore 10:00:00 CEST, Ada Lovelace <ada@example.com> ha scritto:",
    "yahoo-pt": "Em quinta-feira, 2 de maio de 2024 às 10:00:00 BRT, Ada Lovelace <ada@example.com> escreveu:",
    "yandex": '02.05.2024, 10:00, "Ada Lovelace" <ada@example.com>:',
    "mail.ru": "Четверг, 2 мая 2024, 10:00 +03:00 от Ada Lovelace <ada@example.com>:",
    "libero": "Il 2 maggio 2024 alle 10:00 Ada Lovelace <ada@example.com> ha scritto:",
    "proton-en": "On Thursday, May 2nd, 2024 at 10:00 AM, Ada Lovelace <ada@example.com> wrote:",
    "proton-de": "Am Donnerstag, 2. Mai 2024 um 10:00 schrieb Ada Lovelace <ada@example.com>:",
    "proton-fr": "Le jeudi 2 mai 2024 à 10:00, Ada Lovelace <ada@example.com> a écrit :",
    "163": 'At 2024-05-02 10:00:00, "Ada Lovelace" <ada@example.com> wrote:',
    "163-zh": '在 2024-05-02 10:00:00，"Ada Lovelace" <ada@example.com> 写道：',
    "zoho": "---- On Thu, 02 May 2024 10:00:00 +0200 Ada Lovelace <ada@example.com> wrote ----",
    "android": "---- Ada Lovelace wrote ----",
    "evolution": "On Thu, 2024-05-02 at 10:00 +0200, Ada Lovelace wrote:",
    "ukr.net": '2 травня 2024, 10:00:00, від "Ada Lovelace" <ada@example.com>:',
}

OUTLOOK = {
    "en": "From: Ada Lovelace <ada@example.com>\nSent: Thursday, May 2, 2024 10:00 AM\nTo: Support\nSubject: Your account",
    "en-names": "From: Ada Lovelace\nSent: Thursday, May 2, 2024 10:00 AM\nTo: Support\nSubject: Your account",
    "bold": "*From:* Ada Lovelace <ada@example.com>\n*Sent:* Thursday, May 2, 2024 10:00 AM\n*To:* Support\n*Subject:* Your account",
    "de": "Von: Ada Lovelace <ada@example.com>\nGesendet: Donnerstag, 2. Mai 2024 10:00\nAn: Support\nBetreff: Ihr Konto",
    "fr": "De : Ada Lovelace <ada@example.com>\nEnvoyé : jeudi 2 mai 2024 10:00\nÀ : Support\nObjet : Votre compte",
    "es": "De: Ada Lovelace <ada@example.com>\nEnviado el: jueves, 2 de mayo de 2024 10:00\nPara: Support\nAsunto: Su cuenta",
    "pt": "De: Ada Lovelace <ada@example.com>\nEnviada em: quinta-feira, 2 de maio de 2024 10:00\nPara: Support\nAssunto: Sua conta",
    "it": "Da: Ada Lovelace <ada@example.com>\nInviato: giovedì 2 maggio 2024 10:00\nA: Support\nOggetto: Il tuo account",
    "nl": "Van: Ada Lovelace <ada@example.com>\nVerzonden: donderdag 2 mei 2024 10:00\nAan: Support\nOnderwerp: Uw account",
    "pl": "Od: Ada Lovelace <ada@example.com>\nWysłano: czwartek, 2 maja 2024 10:00\nDo: Support\nTemat: Konto",
    "ru": "От: Ada Lovelace <ada@example.com>\nОтправлено: 2 мая 2024 г. 10:00\nКому: Support\nТема: Аккаунт",
    "uk": "Від: Ada Lovelace <ada@example.com>\nНадіслано: 2 травня 2024 р. 10:00\nКому: Support\nТема: Обліковий запис",
    "tr": "Kimden: Ada Lovelace <ada@example.com>\nGönderildi: 2 Mayıs 2024 Perşembe 10:00\nKime: Support\nKonu: Hesap",
    "ar": "من: Ada Lovelace <ada@example.com>\nتم الإرسال: 2 مايو 2024 10:00\nإلى: Support\nالموضوع: الحساب",
    "he": "מאת: Ada Lovelace <ada@example.com>\nנשלח: יום חמישי 2 מאי 2024 10:00\nאל: Support\nנושא: חשבון",
    "zh-cn": "发件人: Ada Lovelace <ada@example.com>\n发送时间: 2024年5月2日 10:00\n收件人: Support\n主题: 账户",
    "zh-tw": "寄件者: Ada Lovelace <ada@example.com>\n寄件日期: 2024年5月2日 上午 10:00\n收件者: Support\n主旨: 帳戶",
    "ja": "差出人: Ada Lovelace <ada@example.com>\n送信日時: 2024年5月2日 10:00\n宛先: Support\n件名: アカウント",
    "ko": "보낸 사람: Ada Lovelace <ada@example.com>\n보낸 날짜: 2024년 5월 2일 10:00\n받는 사람: Support\n제목: 계정",
    "sv": "Från: Ada Lovelace <ada@example.com>\nSkickat: den 2 maj 2024 10:00\nTill: Support\nÄmne: Konto",
    "da": "Fra: Ada Lovelace <ada@example.com>\nSendt: 2. maj 2024 10:00\nTil: Support\nEmne: Konto",
    "fi": "Lähettäjä: Ada Lovelace <ada@example.com>\nLähetetty: torstai 2. toukokuuta 2024 10.00\nVastaanottaja: Support\nAihe: Tili",
    "cs": "Od: Ada Lovelace <ada@example.com>\nOdesláno: čtvrtek 2. května 2024 10:00\nKomu: Support\nPředmět: Účet",
    "hu": "Feladó: Ada Lovelace <ada@example.com>\nElküldve: 2024. május 2. 10:00\nCímzett: Support\nTárgy: Fiók",
    "ro": "De la: Ada Lovelace <ada@example.com>\nTrimis: joi, 2 mai 2024 10:00\nCătre: Support\nSubiect: Cont",
    "el": "Από: Ada Lovelace <ada@example.com>\nΣτάλθηκε: Πέμπτη, 2 Μαΐου 2024 10:00\nΠρος: Support\nΘέμα: Λογαριασμός",
    "vi": "Từ: Ada Lovelace <ada@example.com>\nĐã gửi: 2 tháng 5, 2024 10:00\nĐến: Support\nChủ đề: Tài khoản",
    "id": "Dari: Ada Lovelace <ada@example.com>\nTerkirim: Kamis, 2 Mei 2024 10.00\nKepada: Support\nSubjek: Akun",
    "th": "จาก: Ada Lovelace <ada@example.com>\nส่งเมื่อ: 2 พฤษภาคม 2024 10:00\nถึง: Support\nเรื่อง: บัญชี",
    "hi": "प्रेषक: Ada Lovelace <ada@example.com>\nभेजा गया: 2 मई 2024 10:00\nप्रति: Support\nविषय: खाता",
    "ruled": "________________________________\nFrom: Ada Lovelace <ada@example.com>\nSent: Thursday, May 2, 2024 10:00\nTo: Support\nSubject: x",
    "spread": "From: Ada Lovelace <ada@example.com>\n\nSent: Thursday, May 2, 2024 10:00 AM\n\nTo: Support\n\nSubject: Your account",
    "web.de": "Gesendet: Donnerstag, 2. Mai 2024 um 10:00 Uhr\nVon: \"Ada\" <ada@example.com>\nAn: support@example.org\nBetreff: Konto",
    "zimbra": "----- Mail original -----\nDe: \"Ada\" <ada@example.com>\nÀ: \"Support\" <support@example.org>\nEnvoyé: Jeudi 2 Mai 2024 10:00:00\nObjet: Compte",
    "naver": "-----Original Message-----\nFrom: \"Ada\" <ada@example.com>\nTo: <support@example.org>\nCc:\nSent: 2024-05-02 (목) 10:00:00 (GMT+09:00)\nSubject: 계정",
    "qq": "------------------ 原始邮件 ------------------\n发件人: \"Ada\" <ada@example.com>;\n发送时间: 2024年5月2日(星期四) 上午10:00\n收件人: \"Support\";\n主题: 账户",
    "samsung": "-------- Ursprüngliche Nachricht --------\nVon: Ada <ada@example.com>\nDatum: 02.05.24 10:00 (GMT+01:00)\nAn: support@example.org\nBetreff: Konto",
}  # fmt: skip

TITLES = (
    "-----Original Message-----", "----- Original Message -----", "-----Ursprüngliche Nachricht-----", "-----Message d'origine-----", "-----Mensaje original-----", "-----Mensagem original-----", "-----Messaggio originale-----",
    "-----Oorspronkelijk bericht-----", "-----Wiadomość oryginalna-----", "-----Исходное сообщение-----", "-----Оригінальне повідомлення-----", "-----Orijinal Mesaj-----", "-----الرسالة الأصلية-----", "-----הודעה מקורית-----", "-----原始邮件-----", "-----原始郵件-----",
    "-----元のメッセージ-----", "-----원본 메시지-----", "-----Ursprungligt meddelande-----", "-----Oprindelig meddelelse-----", "-----Opprinnelig melding-----", "-----Alkuperäinen viesti-----", "-----Původní zpráva-----", "-----Eredeti üzenet-----", "-----Mesaj original-----", "-----Αρχικό μήνυμα-----",
    "-----Thư gốc-----", "-----Pesan Asli-----", "-----ข้อความต้นฉบับ-----", "-----मूल संदेश-----", "##- Please type your reply above this line -##", "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##", "## - Veuillez saisir votre réponse au-dessus de cette ligne - ##",
)  # fmt: skip

ATTRIBUTIONS = [*GMAIL.items(), *((f"tb-{k}", v) for k, v in THUNDERBIRD.items()), *OTHERS.items()]


def letters(text: str) -> Counter[str]:
    return Counter("".join(text.split()))


@pytest.mark.parametrize("line", [v for _, v in ATTRIBUTIONS], ids=[k for k, _ in ATTRIBUTIONS])
def test_attribution_above_marked_lines_is_cut(line: str) -> None:
    parts = split(f"{NEW}\n\n{line}\n\n> We suspended you.\n>\n> Support\n")
    assert parts.new == NEW
    assert parts.quoted.startswith(line.strip())
    assert parts.quoted.endswith("> Support")


@pytest.mark.parametrize("line", [v for _, v in ATTRIBUTIONS if "@" in v], ids=[k for k, v in ATTRIBUTIONS if "@" in v])
def test_attribution_above_unmarked_text_takes_the_rest(line: str) -> None:
    assert split(f"{NEW}\n\n{line}\n\nWe suspended you.\n\nSupport").new == NEW


@pytest.mark.parametrize("line", [v for _, v in ATTRIBUTIONS if "@" in v], ids=[k for k, v in ATTRIBUTIONS if "@" in v])
def test_attribution_wrapped_over_two_lines(line: str) -> None:
    words = line.split(" ")
    for cut in range(max(1, len(words) // 2), len(words)):
        wrapped = " ".join(words[:cut]) + "\n" + " ".join(words[cut:])
        assert split(f"{NEW}\n\n{wrapped}\n\n> We suspended you.\n").new == NEW, wrapped


@pytest.mark.parametrize("block", OUTLOOK.values(), ids=OUTLOOK)
def test_header_block_takes_the_rest(block: str) -> None:
    parts = split(f"{NEW}\n\n{block}\n\nWe suspended you.\n\nSupport")
    assert parts.new == NEW
    assert parts.quoted.startswith(block)


@pytest.mark.parametrize("line", TITLES)
def test_title_between_dashes_takes_the_rest(line: str) -> None:
    assert split(f"{NEW}\n\n{line}\n\nWe suspended you.").new == NEW


def test_all_quote_leaves_nothing() -> None:
    assert split("On Thu, 2 May 2024 at 10:00, Ada <ada@example.com> wrote:\n> Hello\n").new == ""
    assert split("> Hello\n> you\n").new == ""
    assert split(OUTLOOK["en"] + "\n\nHello").new == ""


def test_answers_between_quotes_stay() -> None:
    text = "Hi,\n\nOn Thu, 2 May 2024 at 10:00, Ada <ada@example.com> wrote:\n> One?\nYes.\n> Two?\n\nNo.\n\n> Three?\nMaybe."
    assert split(text) == Parts(
        new="Hi,\n\nYes.\n\nNo.\n\nMaybe.",
        quoted="On Thu, 2 May 2024 at 10:00, Ada <ada@example.com> wrote:\n> One?\n> Two?\n> Three?",
    )


@pytest.mark.parametrize(
    "text",
    [
        "On 3 May 2024 at 10:00 your colleague wrote to me:\nyou are banned.\n\nThat is wrong, please check.",
        "Am 3. Mai 2024 um 10:00 schrieb mir Ihr Kollege:\nSie sind gesperrt.\n\nDas ist falsch.",
        "I wrote:\n\nplease restore my account\n\nand nobody answered.",
        "From: Berlin\nTo: Paris\nDate: 5 May 2024 10:00\n\nThis booking was refused, why?",
        "Subject: my account\n\nPlease restore it.",
        "Sent from my desk, is much easier then my mobile phone.",
        "Visit us now\n>>> >>>  http://www.example.com <<<\nby clicking the link above",
        "Please restore:\n\n- Twitter\n- Facebook",
        "Order date: 2 May 2024\nOrder to: Ada\nOrder number: 12",
        "My details:\nName: Ada\nEmail: ada@example.com\nMessage: I was banned at 10:00",
        "--\nplease restore my account\nit was closed",
        "Hello,\n--\nfirst point is long and is followed by a question, is it not?\n--\nsecond point?",
        "Thanks,\nMy account is ada92. Phone: +44 20 7946 0000",
        "This information is confidential, but I was banned for posting my salary.",
        "Regards to your team!\nBut I want my money back.",
        "The time is 10:00 and on 2 May 2024 I said: restore it:\nmy account.",
        "Here is what happened:\n2 May 2024: I paid\n3 May 2024 10:00: you closed my account\n4 May 2024: I asked why:\nnothing.",
    ],
)  # fmt: skip
def test_customers_words_are_not_cut(text: str) -> None:
    assert split(text).new == text


@pytest.mark.parametrize(
    "line",
    [
        "Sent from my iPhone", "Sent from my BlackBerry", "Sent from my Verizon Wireless BlackBerry", "Sent from Yahoo Mail on Android", "Get Outlook for iOS", "Get Outlook for Android<https://aka.example/x>", "Von meinem iPhone gesendet", "Gesendet mit der GMX Mail App", "Envoyé de mon iPhone", "Enviado desde mi iPhone", "Enviado do meu iPhone",
        "Inviato da iPhone", "Verstuurd vanaf mijn iPhone", "Wysłane z iPhone'a", "Отправлено с iPhone", "Отправлено из мобильной Почты Mail.ru", "Надіслано з iPhone", "iPhone'umdan gönderildi", "أرسلت من الـ iPhone", "נשלח מה-iPhone שלי", "发自我的iPhone", "從我的 iPhone 傳送", "iPhoneから送信", "나의 iPhone에서 보냄", "मेरे iPhone से भेजा गया",
        "Skickat från min iPhone", "Sendt fra min iPhone", "Lähetetty iPhonesta", "Odesláno z iPhonu", "Küldve az iPhone-omról", "Trimis de pe iPhone", "Στάλθηκε από το iPhone μου", "Đã gửi từ iPhone của tôi", "Dikirim dari iPhone saya", "ส่งจาก iPhone ของฉัน", "Sent from Mail for Windows", "Sent with Proton Mail secure email.",
    ],
)  # fmt: skip
def test_mobile_signature_is_set_apart(line: str) -> None:
    parts = split(f"Please restore my account\n\n{line}\n")
    assert parts.new == "Please restore my account"
    assert parts.signature == line


def test_signature_below_the_delimiter() -> None:
    parts = split(
        "Hello there\n\n-- \nAda Lovelace\nExample Ltd\n\nOn Thu, 2 May 2024 at 10:00, Bo <bo@example.com> wrote:\n> Hi\n"
    )
    assert (parts.new, parts.signature) == ("Hello there", "-- \nAda Lovelace\nExample Ltd")


@pytest.mark.parametrize("signature", ["Sent from my iPhone", "-- \nada\nSent with Sparrow (http://example.com/?sig)"])
def test_one_word_is_not_parted_from_its_signature(signature: str) -> None:
    text = f"Hello\n\n{signature}"
    assert split(f"{text}\n\nOn Thu, 2 May 2024 at 10:00, Bo <bo@example.com> wrote:\n> Hi\n").new == text
    assert split(f"请恢复我的帐号\n\n{signature}").new == "请恢复我的帐号"


def test_sign_off_with_a_card_is_a_signature_and_with_a_name_is_not() -> None:
    card = split("Please help.\n\nKind regards,\nAda Lovelace\nExample Ltd\nTel: +44 20 7946 0000\nwww.example.com")
    assert card.new == "Please help."
    assert card.signature.startswith("Kind regards,")
    assert split("Please help.\n\nKind regards,\nAda").new == "Please help.\n\nKind regards,\nAda"


@pytest.mark.parametrize(
    "legal",
    [
        "This e-mail and any attachments are confidential and intended solely for the addressee.",
        "CONFIDENTIALITY NOTICE: The contents of this message belong to the sender.",
        "If you are not the intended recipient, please notify the sender.",
        "Diese E-Mail enthält vertrauliche und/oder rechtlich geschützte Informationen.",
        "Ce message est confidentiel et destiné exclusivement à son destinataire.",
        "Este mensaje es confidencial y va dirigido exclusivamente a su destinatario.",
        "Questo messaggio contiene informazioni riservate.",
        "Dit e-mailbericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde.",
        "本邮件及其附件含有保密信息。",
        "Please consider the environment before printing this email.",
    ],
)
def test_disclaimer_is_set_apart(legal: str) -> None:
    parts = split(f"Please restore my account.\n\nAda\n\n{legal}\n")
    assert (parts.new, parts.disclaimer) == ("Please restore my account.\n\nAda", legal)


def test_gateway_warning_is_set_apart() -> None:
    warning = "CAUTION: This email originated from outside of the organization. Do not click links."
    parts = split(f"{warning}\n\nPlease restore my account.")
    assert (parts.new, parts.disclaimer) == ("Please restore my account.", warning)


def test_forward_of_a_stranger_keeps_the_words_above() -> None:
    forwarded = "---------- Forwarded message ---------\nFrom: Trust <trust@example.com>\nDate: Thu, 2 May 2024 at 10:00\nSubject: Suspended\nTo: ada@example.com\n\nYour account is suspended."
    assert split(f"Is this mail really from you?\n\n{forwarded}").new == "Is this mail really from you?"
    assert split(f"FYI\n\n{forwarded}").new == f"FYI\n\n{forwarded}"


def test_words_and_attribution_on_one_line() -> None:
    assert (
        split("yes please On Thu, 2 May 2024 at 10:00, Ada <ada@example.com> wrote:\n> Restore it?").new == "yes please"
    )


HOSTILE = {
    "marks": "> " * 500_000, "marked lines": "> \n" * 350_000, "on": "On \n" * 250_000, "dates": "On 1 May 2024 10:00\n" * 50_000, "labels": "From:\n" * 170_000, "one line": "x" * 1_000_000, "colons": "a:" * 500_000, "alternating": "> a\nb:\n" * 140_000,
    "verbs": "wrote:\n" * 140_000, "dashes": "-" * 1_000_000, "rules": "-----\n" * 160_000, "delimiters": "-- \n" * 250_000, "blank": "\n" * 1_000_000, "phones": "Sent from my iPhone\n" * 50_000, "sign-offs": "Regards\n" * 125_000, "legal": "This email is confidential\n\n" * 37_000, "mixed": "On 1 May 2024 at 10:00 Ada <a@b>\nx\n" * 30_000,
}  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_megabyte_takes_little_time(text: str) -> None:
    assert pace.within(8, lambda: split(pace.TEXT), lambda: split(text))
    parts = split(text)
    assert sum(len("".join(p.split())) for p in (parts.new, parts.quoted, parts.signature, parts.disclaimer)) == len(
        "".join(text.split())
    )


PIECES = st.sampled_from(
    ["> q", "text", "", "-- ", "--", "Kind regards,", "Ada", "+44 20 7946 0000", "-Ada", "FYI", "_____", "Sent from my iPhone", "wrote:", "    On 1 May 2024 at 10:00 Ada wrote:", "CAUTION: external"]
    + list(GMAIL.values())[:6] + [line for block in list(OUTLOOK.values())[:4] for line in block.split("\n")] + list(TITLES[:4])
    + ["---------- Forwarded message ---------", "This e-mail is confidential and intended solely for you."]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=25).map("\n".join)))
def test_each_word_lands_in_exactly_one_part(text: str) -> None:
    parts = split(text)
    placed = letters(parts.new) + letters(parts.quoted) + letters(parts.signature) + letters(parts.disclaimer)
    assert placed == letters(readable(text))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=25).map("\n".join))
def test_cutting_the_new_words_again_changes_nothing(text: str) -> None:
    new = split(text).new
    assert split(new).new == new


def test_lone_surrogates_are_survived() -> None:
    assert split("hi \ud800 you").new == "hi \ufffd you"


LEGAL = "This e-mail and its attachments are confidential and intended only for the addressee."


def banners(count: int) -> str:
    return "".join(f"CAUTION: this email originated from outside, gateway {n}.\n\n" for n in range(count))


def test_a_mark_to_answer_above_with_nothing_above_it_takes_only_itself() -> None:
    mark = "##- Please type your reply above this line -##"
    assert split(f"{mark}\n\nPlease help me.\n\nAda") == Parts(new="Please help me.\n\nAda", quoted=mark)


def test_a_drawn_line_goes_with_the_boilerplate_below_it() -> None:
    parts = split(f"Hello, please help me.\n\n-----\n{LEGAL}\n")
    assert parts == Parts(new="Hello, please help me.", disclaimer=f"-----\n{LEGAL}")


def test_a_device_named_inside_a_signature_is_part_of_it() -> None:
    signature = "-- \nAda Lovelace\nSent from my iPhone\nhttps://example.com"
    assert split(f"Please help me with my order.\n\n{signature}") == Parts(
        new="Please help me with my order.", signature=signature
    )


def test_a_word_below_an_empty_signature_stays_cut_from_it() -> None:
    """Put together again, the two would be cut anew: what is new must not depend on how often it is cut."""
    parts = split("-- \n> old\nAda\n")
    assert parts == Parts(new="Ada", quoted="> old", signature="--")
    assert split(parts.new).new == parts.new


def test_a_pile_of_warnings_is_read_in_bounded_rounds_and_nothing_of_it_is_lost() -> None:
    parts = split(banners(15) + "Please help me.\n")
    assert parts.disclaimer.splitlines() == banners(12).split("\n\n")[:12]
    assert parts.new == banners(15).removeprefix(banners(12)) + "Please help me."


def test_a_last_warning_that_the_rounds_leave_takes_no_signature_back() -> None:
    parts = split(banners(12) + "[EXTERNAL]\n\n-- \nAda\n")
    assert (parts.new, parts.signature) == ("[EXTERNAL]", "-- \nAda")


def test_an_attribution_over_three_lines_is_quoted_from_its_first() -> None:
    quoted = "On\nThursday, May 2, 2024\n10:00 Ada wrote:\n> shall we?"
    assert split(f"Yes, do that please.\n\n{quoted}\n") == Parts(new="Yes, do that please.", quoted=quoted)


def test_a_word_that_only_ends_like_wrote_introduces_no_quote() -> None:
    assert split("See what Ada wrote:\n> shall we?\n").new == ""
    assert split("See what Ada underwrote:\n> shall we?\n").new == "See what Ada underwrote:"


def test_line_ends_of_mail_are_line_ends() -> None:
    assert split("Yes.\r\n\r\n> shall we?\r\n> today?\r\n") == Parts(new="Yes.", quoted="> shall we?\n> today?")


def test_the_end_of_a_link_that_was_wrapped_out_of_its_quote_is_quoted() -> None:
    quoted = "> look at <https://example.com/a/long\n/path/of/it>\n> again"
    assert split(f"Thank you, I did.\n\n{quoted}\n") == Parts(new="Thank you, I did.", quoted=quoted)
    between = split("> look at it\nI did, twice.\n> again\n")
    assert between.new == "I did, twice."


WORDS = "Please help me with my order of last week."


@pytest.mark.parametrize(
    "signature",
    [
        "_______________________________________________\nshop mailing list\nshop@lists.example.com",
        "Best regards,\nAda Lovelace\n+49 30 1234567",
        "-Ada",
    ],
    ids=["list", "card", "dash"],
)
def test_signatures_without_a_delimiter(signature: str) -> None:
    assert split(f"{WORDS}\n\n{signature}\n") == Parts(new=WORDS, signature=signature)


@pytest.mark.parametrize(
    "ending",
    [
        "Thanks,\nwhat is\n+49 30 1234567 for?",
        "Thanks,\n12 pieces came\n+49 30 1234567",
        "Thanks,\nAda Lovelace\nmay I call +49 30 1234567?",
        "Thanks,\nAda Lovelace\nmy order of Monday is not here",
    ],
    ids=["a-question", "no-name", "a-question-below-a-name", "no-contact"],
)
def test_words_below_a_sign_off_are_no_signature(ending: str) -> None:
    assert split(f"{WORDS}\n\n{ending}\n").new == f"{WORDS}\n\n{ending}"


def test_a_warning_below_blank_lines_is_cut_and_so_is_one_below_it_past_a_quote() -> None:
    parts = split(f"\n\n{banners(2)}{WORDS}\n> shall we?\nYes.\n")
    assert (parts.new, parts.quoted) == (f"{WORDS}\n\nYes.", "> shall we?")
    assert parts.disclaimer.split("\n") == banners(2).strip().split("\n\n")


def test_an_attribution_whose_end_is_marked_as_quoted_goes_with_the_quote() -> None:
    quoted = "On Thu, 2 May 2024 at 10:00\nAda <ada@example.com>\n> wrote:\n>> old"
    assert split(f"{WORDS}\n\n{quoted}\n") == Parts(new=WORDS, quoted=quoted)


@pytest.mark.parametrize(
    ("quoted", "is_quote"),
    [
        ("On Thu, 2 May 2024 at 10:00 Ada wrote:\n\nold words", True),
        ("On Thu, 2 May 2024 ada@example.com wrote:\n\nold words", True),
        ("On Thu, 2 May 2024 Ada wrote:\n\nold words", False),
        ("On Thu, 2 May 2024 at 10:00 " + "long " * 100 + "Ada wrote:\n\nold words", False),
        ("Sent: 2 May 2024 10:00\nTo: support@shop.test\nSubject: order\n\nold words", True),
        ("Sent: today\nTo: support@shop.test\n\nold words", False),
    ],
    ids=["date-and-time", "date-and-address", "date-alone", "too-long", "sent-and-to", "no-date"],
)
def test_what_introduces_unmarked_words_as_a_quote(quoted: str, *, is_quote: bool) -> None:
    assert split(f"{WORDS}\n\n{quoted}\n") == (
        Parts(new=WORDS, quoted=quoted) if is_quote else Parts(new=f"{WORDS}\n\n{quoted}")
    )


def test_a_short_quoted_line_with_a_colon_is_no_attribution() -> None:
    assert split(f"{WORDS}\n> my order:\n> a hat\n") == Parts(new=WORDS, quoted="> my order:\n> a hat")
