"""Domains at which anybody can have an address: two senders there have nothing in common."""

PUBLIC_PROVIDERS: frozenset[str] = frozenset(
    """
    gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es outlook.it outlook.jp outlook.com.br outlook.com.au
    hotmail.com hotmail.co.uk hotmail.de hotmail.fr hotmail.es hotmail.it hotmail.com.br hotmail.com.ar hotmail.nl hotmail.be hotmail.se
    hotmail.co.jp hotmail.gr hotmail.ca live.com live.co.uk live.de live.fr live.it live.nl live.be live.se live.dk live.no live.ca
    live.com.au live.com.mx live.com.pt live.jp live.cn live.in msn.com passport.com windowslive.com
    yahoo.com yahoo.co.uk yahoo.de yahoo.fr yahoo.es yahoo.it yahoo.com.br yahoo.com.ar yahoo.com.mx yahoo.co.in yahoo.in yahoo.co.jp
    yahoo.ca yahoo.com.au yahoo.co.id yahoo.com.vn yahoo.com.ph yahoo.com.sg yahoo.com.tw yahoo.com.hk yahoo.co.kr yahoo.gr yahoo.ie
    yahoo.pl yahoo.ro yahoo.se yahoo.no yahoo.dk yahoo.nl yahoo.be yahoo.cl yahoo.com.co yahoo.com.pe yahoo.com.tr yahoo.co.za ymail.com
    rocketmail.com myyahoo.com ybb.ne.jp aol.com aol.de aol.fr aol.co.uk aim.com netscape.net verizon.net att.net sbcglobal.net bellsouth.net
    icloud.com me.com mac.com privaterelay.appleid.com proton.me protonmail.com protonmail.ch pm.me tutanota.com tutanota.de tuta.io
    tuta.com tutamail.com keemail.me hey.com fastmail.com fastmail.fm fastmail.net sent.com hushmail.com hush.com startmail.com mailfence.com
    posteo.de posteo.net mailbox.org runbox.com disroot.org riseup.net zoho.com zohomail.com zohomail.eu gmx.com gmx.de gmx.net gmx.at
    gmx.ch gmx.us gmx.fr web.de email.de mail.de freenet.de t-online.de arcor.de 1und1.de online.de vodafone.de o2online.de kabelmail.de
    freemail.hu citromail.hu mail.com email.com usa.com post.com consultant.com engineer.com europe.com myself.com
    mail.ru bk.ru inbox.ru list.ru internet.ru xmail.ru yandex.ru yandex.com yandex.by yandex.kz yandex.ua ya.ru rambler.ru lenta.ru autorambler.ru
    ukr.net i.ua meta.ua bigmir.net tut.by mail.kz abv.bg mail.bg seznam.cz email.cz centrum.cz post.cz volny.cz azet.sk centrum.sk zoznam.sk
    post.sk wp.pl o2.pl onet.pl onet.eu op.pl interia.pl interia.eu poczta.onet.pl poczta.fm gazeta.pl tlen.pl go2.pl vp.pl spoko.pl
    libero.it virgilio.it alice.it tin.it tiscali.it iol.it inwind.it email.it fastwebnet.it poste.it aruba.it pec.it
    orange.fr wanadoo.fr free.fr sfr.fr laposte.net neuf.fr bbox.fr numericable.fr club-internet.fr aliceadsl.fr voila.fr
    telenet.be skynet.be proximus.be ziggo.nl kpnmail.nl planet.nl xs4all.nl hetnet.nl home.nl upcmail.nl casema.nl chello.nl
    bluewin.ch sunrise.ch hispeed.ch a1.net aon.at chello.at utanet.at telia.com spray.se bredband.net comhem.se tele2.se online.no
    broadpark.no getmail.no tdcadsl.dk mail.dk stofanet.dk ofir.dk jubii.dk kolumbus.fi elisanet.fi luukku.com suomi24.fi saunalahti.fi
    terra.com.br uol.com.br bol.com.br ig.com.br globo.com globomail.com r7.com zipmail.com.br oi.com.br terra.es telefonica.net ono.com
    sapo.pt iol.pt clix.pt netcabo.pt terra.com prodigy.net.mx fibertel.com.ar speedy.com.ar ciudad.com.ar arnet.com.ar
    btinternet.com btopenworld.com sky.com virginmedia.com ntlworld.com blueyonder.co.uk talktalk.net tiscali.co.uk plusnet.com mail.co.uk
    eircom.net comcast.net xfinity.com cox.net charter.net earthlink.net juno.com netzero.net optonline.net frontier.com windstream.net
    roadrunner.com rr.com mindspring.com centurylink.net q.com suddenlink.net rogers.com bell.net sympatico.ca shaw.ca telus.net videotron.ca
    bigpond.com bigpond.net.au optusnet.com.au iinet.net.au tpg.com.au internode.on.net xtra.co.nz slingshot.co.nz mweb.co.za telkomsa.net
    vodamail.co.za qq.com foxmail.com vip.qq.com 163.com 126.com yeah.net 188.com 139.com 189.cn wo.cn sina.com sina.cn vip.sina.com
    sohu.com tom.com 21cn.com aliyun.com naver.com hanmail.net daum.net nate.com kakao.com docomo.ne.jp ezweb.ne.jp au.com softbank.ne.jp
    i.softbank.jp nifty.com biglobe.ne.jp so-net.ne.jp ocn.ne.jp excite.co.jp goo.jp mail.goo.ne.jp auone.jp pchome.com.tw hinet.net
    seed.net.tw netvigator.com singnet.com.sg rediffmail.com rediff.com indiatimes.com sify.com vsnl.net bsnl.in hathway.net
    walla.co.il walla.com netvision.net.il 012.net.il mynet.com superonline.com ttmail.com turk.net otenet.gr in.gr windowslive.gr
    mail.ee hot.ee online.ee inbox.lv apollo.lv delfi.lt takas.lt siol.net email.si net.hr inet.hr eunet.rs
    guerrillamail.com mailinator.com yopmail.com 10minutemail.com tempmail.com temp-mail.org sharklasers.com trashmail.com getnada.com
    maildrop.cc dispostable.com duck.com mozmail.com simplelogin.com anonaddy.com anonaddy.me addy.io relay.firefox.com passmail.net
    cock.li inbox.com lycos.com excite.com mail2world.com myspace.com opayq.com vfemail.net gawab.com maktoob.com
    """.split()  # noqa: SIM905 - easier to read and to extend
)
