"""How contact forms call their fields, in their users' languages. Words are in lower case."""

from typing import Final, Literal

FormField = Literal["name", "email", "subject", "message", "other"]

_FIELDS: Final[dict[FormField, str]] = {
    "name": """name|your name|full name|first name|last name|customer|customer name|from name|sender|from|vorname|nachname|ihr name|kunde|absender|nom|prénom|votre nom|nom complet|nombre|apellido|apellidos|su nombre|tu nombre|nombre completo|nome|sobrenome|seu nome|cognome|
        il tuo nome|nome e cognome|naam|uw naam|voornaam|achternaam|imię|nazwisko|imię i nazwisko|имя|ваше имя|фио|ім'я|ваше ім'я|isim|ad|ad soyad|adınız|adı|الاسم|اسمك|नाम|आपका नाम|姓名|名字|您的姓名|お名前|氏名|名前|이름|성함|namn|ditt namn|navn|dit navn|ditt navn|nimi|nimesi|jméno|vaše jméno|meno|név|az ön neve|nume|numele|
        όνομα|το όνομά σας|tên|họ và tên|họ tên|nama|nama lengkap|ชื่อ|ชื่อของคุณ|שם|שם מלא""",
    "email": """email|e-mail|mail|email address|e-mail address|your email|your e-mail|your email address|customer email|contact email|from email|reply-to|reply to|e-mail-adresse|email-adresse|mailadresse|ihre e-mail|ihre e-mail-adresse|ihre email-adresse|adresse e-mail|adresse email|adresse mail|votre e-mail|votre email|courriel|adresse courriel|correo|correo electrónico|
        email de contacto|su correo|su correo electrónico|tu correo electrónico|tu email|endereço de e-mail|endereço de email|seu e-mail|seu email|indirizzo e-mail|indirizzo email|la tua email|posta elettronica|e-mailadres|emailadres|uw e-mail|adres e-mail|adres email|twój e-mail|эл. почта|электронная почта|почта|ваш email|ваш e-mail|адрес электронной почты|
        електронна пошта|ел. пошта|ваша пошта|e-posta|eposta|e-posta adresi|e-posta adresiniz|البريد الإلكتروني|بريدك الإلكتروني|ईमेल|ईमेल पता|आपका ईमेल|邮箱|电子邮件|电子邮箱|邮件地址|您的邮箱|電子郵件|電郵|電子信箱|メール|メールアドレス|eメール|이메일|이메일 주소|메일|e-post|epost|din e-post|e-postadress|din e-mail|sähköposti|sähköpostiosoite|vaše e-mailová adresa|
        e-mailová adresa|váš e-mail|e-mail cím|email cím|adresa de email|adresă de email|ηλεκτρονικό ταχυδρομείο|διεύθυνση email|địa chỉ email|thư điện tử|alamat email|surel|อีเมล|ที่อยู่อีเมล|דוא"ל|אימייל|מייל|דואר אלקטרוני""",
    "subject": """subject|topic|reason|betreff|thema|objet|sujet|asunto|motivo|assunto|oggetto|onderwerp|temat|тема|konu|الموضوع|विषय|主题|主題|件名|제목|ämne|emne|aihe|předmět|predmet|tárgy|subiect|θέμα|chủ đề|tiêu đề|subjek|หัวข้อ|เรื่อง|נושא""",
    "message": """message|your message|comment|comments|question|your question|description|details|inquiry|enquiry|body|text|how can we help|how can we help you|what can we help you with|nachricht|ihre nachricht|mitteilung|anfrage|frage|ihre frage|kommentar|beschreibung|votre message|commentaire|question ou commentaire|demande|votre demande|mensaje|su mensaje|tu mensaje|
        comentario|comentarios|consulta|mensagem|sua mensagem|comentário|dúvida|messaggio|il tuo messaggio|commento|richiesta|bericht|uw bericht|vraag|opmerking|wiadomość|twoja wiadomość|treść|treść wiadomości|сообщение|ваше сообщение|вопрос|комментарий|текст сообщения|повідомлення|ваше повідомлення|питання|mesaj|mesajınız|الرسالة|رسالتك|संदेश|आपका संदेश|
        留言|信息|消息|内容|留言内容|您的留言|訊息|內容|お問い合わせ内容|メッセージ|本文|ご質問|메시지|내용|문의내용|문의 내용|meddelande|ditt meddelande|besked|din besked|meddelelse|melding|viesti|viestisi|zpráva|vaše zpráva|správa|üzenet|az ön üzenete|mesajul|mesajul dvs|μήνυμα|το μήνυμά σας|tin nhắn|nội dung|lời nhắn|pesan|pesan anda|ข้อความ|רגיל|הודעה|תוכן ההודעה""",
    "other": """phone|phone number|telephone|tel|mobile|company|organisation|organization|country|ip|ip address|ip-adresse|user agent|browser|page|page url|url|website|date|time|order|order number|order id|username|user|user id|account|account id|telefon|telefonnummer|firma|land|téléphone|société|pays|teléfono|empresa|país|telefone|telefono|azienda|paese|
        telefoonnummer|telefoon|bedrijf|numer telefonu|kraj|телефон|компания|страна|telefon numarası|電話番号|電話|会社名|전화|전화번호|연락처|电话|手机|公司|puhelin|puhelinnumero|telefonszám|τηλέφωνο|điện thoại|số điện thoại|telepon|nomor telepon|โทรศัพท์|טלפון|form|form name|submitted|submitted at|submitted on|sent|referrer|consent|newsletter|privacy""",
}

FORM_FIELDS: Final[dict[str, FormField]] = {
    word.strip().casefold(): field for field, words in _FIELDS.items() for word in words.split("|") if word.strip()
}

#: beginnings of what a form's program adds below
FORM_FOOTERS: Final = (
    "this e-mail was sent from a contact form", "this email was sent from a contact form", "this mail is sent via", "this e-mail is sent via", "sent via form submission", "this message was sent from the contact form", "sent from the contact form", "submitted from", "you can reply to this email", "manage submissions", "does this submission look like spam",
    "diese e-mail wurde", "diese nachricht wurde über", "cet e-mail a été envoyé via", "cet email a été envoyé", "este mensaje se ha enviado desde", "este correo electrónico fue enviado desde", "este e-mail foi enviado", "questa e-mail è stata inviata", "deze e-mail is verzonden", "ta wiadomość została wysłana", "это сообщение отправлено", "этот e-mail был отправлен",
)  # fmt: skip
