"""Personal data are found where they were planted, in four languages, and hardly anything else is."""

import re
from collections.abc import Iterator

import pandas as pd
import pytest

from segutils.data_readiness.enrichment import number_patterns, redacting
from segutils.data_readiness.enrichment.languages import assign_languages, find_language
from segutils.errors import InputError

# text, and what must not be left of it; written by hand, without a look at the generator
BY_HAND = (
    (
        "Hello, my name is Gwendolyn Oakhurst and you can email me at gwen.oakhurst+work@mail.example.org.",
        "Gwendolyn Oakhurst gwen. example",
    ),
    ("Please ring 020 7946 0123 before five; otherwise call +1 (415) 555-0132.", "7946 555-0132 415"),
    ("Thanks,\nDesmond", "Desmond"),
    ("Mr Featherstone rang twice about order 4500012345.", "Featherstone"),
    ("Send the refund to GB82 WEST 1234 5698 7654 32 or to card 4111-1111-1111-1111.", "WEST 5698 4111"),
    ("We moved to 221b Baker Street last week, ask for O'Brien.", "Baker 221b O'Brien"),
    ("my name is priya raman, call me", "priya raman"),
    ("Dear Ms Abernathy,\nthe meter drifts.\nKind regards,\nW. Prendergast", "Abernathy Prendergast"),
    ("reach me at someone (at) example (dot) org", "someone example"),
    (
        "Sehr geehrte Damen und Herren,\nmein Name ist Hildegard Achterberg, ich wohne in der Lindenstraße "
        "12a.\n"
        "Mit freundlichen Grüßen\nHildegard Achterberg",
        "Hildegard Achterberg Lindenstraße 12a",
    ),
    (
        "Bitte rufen Sie Frau Dr. Quandt unter 0171 2345678 zurück, Kundennummer K-778123.",
        "Quandt 0171 778123",
    ),
    ("IBAN DE89 3704 0044 0532 0130 00, Kontoinhaber Herr Zacharias Immelmann.", "3704 Zacharias Immelmann"),
    ("Unser Büro ist jetzt Am Mühlbach 7, nicht mehr Hauptstr. 3.", "Mühlbach Hauptstr"),
    (
        "Bonjour, je m'appelle Apolline Charrier et j'habite 14 bis, rue des Tilleuls.",
        "Apolline Charrier Tilleuls",
    ),
    ("Cordialement,\nThibaud Mercœur\nTél. 06 12 34 56 78", "Thibaud Mercœur 34"),
    ("Merci de rappeler Mme Vauquelin au 01.23.45.67.89 avant le 12.03.2024.", "Vauquelin 01.23"),
    ("Hola, soy Fermín Urquijo, mi número de cliente es 88-4312-X.", "Fermín Urquijo 4312"),
    ("Vivimos en la Calle de los Olmos, 27; el teléfono es 912 345 678.", "Olmos 27 912"),
    ("Un saludo,\nMaría José Betancourt", "María José Betancourt"),
    ("El pago se hizo con la tarjeta 5500 0000 0000 0004.", "5500 0004"),
)
# written once the first list passed: 2 of these 12 then failed, and the patterns were mended for them too
BY_HAND_LATER = (
    ("I spoke with Mrs. Kowalczyk-Brandt yesterday; her mobile is 07700 900123.", "Kowalczyk Brandt 900123"),
    ("Please forward to Bartholomew Nkemelu at our Leeds site.", "Bartholomew Nkemelu"),
    ("cc: j.okonkwo@firm.example, thanks. Jide", "okonkwo Jide"),
    ("Sent from my iPhone\n\nSiobhan Fitzwilliam\nHead of Procurement\nM +353 86 123 4567", "Siobhan 4567"),
    ("The account number for the refund is NL91 ABNA 0417 1643 00 as usual.", "ABNA 0417"),
    (
        "Hallo zusammen,\nHerr Obermüller wartet auf Rückruf unter +49 (0)89 1234-567.\nVG\nSabine",
        "Ober 567 Sab",
    ),
    ("Lieferung bitte an Friedrich-Ebert-Straße 104, z. Hd. Frau Wegscheider.", "Friedrich 104 Weg"),
    ("Anbei die Rechnung. Ansprechpartner: Korbinian Seifert, Durchwahl -417.", "Korbinian Seifert"),
    ("Notre collègue Bérénice Latouche attend.\nBien cordialement,\nGaspard Delaunay", "Latouche Gaspard"),
    ("Adressez-le au 3, avenue du Général-Leclerc, à l'attention de M. Rochefort.", "Leclerc Rochefort"),
    ("Llamo de parte de don Eusebio Carrascosa, Avda. de la Constitución 15, 2º B.", "Eusebio Constit"),
    (
        "Por favor contactar con Inmaculada Robledo (inma@correo.example), +34 612 34 56 78.",
        "Robledo inma 612",
    ),
)
HARMLESS = (
    "Valve V-204 leaks; order SO-2024-118, firmware 4.1.2, 24 VDC, PN 16, DN 80, since 2024-11-03.",
    "Der Regler Typ 3730 meldet Fehler 17, Seriennummer 4711-0815.",
    "The serial number is 0049123456789 and the meter reads 12.5 bar at 80 °C.",
    "Asset number 005861620 was built in 2019; type plate HX 10013.",
    "Invoice 2024-00817 of 12.03.2024 shows EUR 5185.28 instead of EUR 4990.00.",
    "Our reference is REQ-2290310, the tolerance is 0.4 % of 16 bar.",
    "Der neue Drucksensor an der Hauptleitung zeigt seit Montag 3,5 bar zu viel an.",
    "Le capteur de pression indique 3,5 bar de trop depuis lundi matin.",
    "El sensor de presión marca 3,5 bar de más desde el lunes.",
    "Kind regards,\nPurchasing department",
    "Hello all,\nthe delivery of Monday is late. Please confirm by Friday.",
)


def read_truth(made) -> tuple[pd.Series, pd.DataFrame]:
    texts = made.table("tickets").to_pandas().set_index("ticket_id").text.dropna()
    truth = made.truth("personal_data")
    return texts, truth[truth.ticket_id.isin(texts.index)]


def find_all(texts: pd.Series, lexicon: redacting.Lexicon) -> dict[str, list]:
    languages = assign_languages(texts)
    return {
        ticket: redacting.find_personal(text, lexicon, language=language)
        for (ticket, text), language in zip(texts.items(), languages, strict=True)
    }


def measure_recall(found: dict, truth: pd.DataFrame) -> pd.Series:
    """Share of planted data that lie within a span of their own kind, by kind."""
    hit = [
        any(
            s.kind == row.kind and s.start <= row.starts and s.stop >= row.stops for s in found[row.ticket_id]
        )
        for row in truth.itertuples()
    ]
    return pd.Series(hit, index=truth.kind).groupby(level=0).mean()


def measure_false(found: dict, texts: pd.Series, truth: pd.DataFrame) -> float:
    """Share of the words without any personal datum in them that are redacted."""
    planted = {ticket: group for ticket, group in truth.groupby("ticket_id")}
    others = wrong = 0
    for ticket, text in texts.items():
        inside = [(r.starts, r.stops) for r in planted[ticket].itertuples()] if ticket in planted else []
        for word in re.finditer(r"\S+", text):
            if any(word.start() < stop and word.end() > start for start, stop in inside):
                continue
            others += 1
            wrong += any(word.start() < s.stop and word.end() > s.start for s in found[ticket])
    return wrong / others


@pytest.fixture(scope="module", params=["client", "null_client"])
def planted(request) -> Iterator[tuple]:
    made = request.getfixturevalue(request.param)
    texts, truth = read_truth(made)
    ids = made.table("customers").customer_id.execute()
    yield texts, truth, ids


def test_planted_data_are_found_and_little_else(planted):
    """The promised floors; no names are given beforehand, so the texts alone must tell them."""
    texts, truth, ids = planted
    found = find_all(texts, redacting.build_lexicon(texts, customer_ids=ids))
    recall = measure_recall(found, truth)
    assert set(recall.index) == set(redacting.KINDS)
    assert recall[["email", "phone", "iban", "card", "customer number"]].min() >= 0.99, recall
    assert recall[["name", "street"]].min() >= 0.95, recall
    assert measure_false(found, texts, truth) < 0.01


def test_names_that_come_once_are_found_too(client):
    """Each planted name becomes another that no other text has: nothing can be learned from repetition."""
    texts, truth = read_truth(client)
    truth = truth[truth.kind == "name"].copy()
    pool = client.table("source_records").name.execute().drop_duplicates()
    pool = pool[pool.str.fullmatch(r"[^\W\d_]+(?: [^\W\d_]+){1,2}") & pool.str.istitle()].tolist()
    assert len(pool) > len(truth)
    rows = []
    for row, name in zip(truth.itertuples(), pool, strict=False):
        text = texts[row.ticket_id]
        texts[row.ticket_id] = text[: row.starts] + name + text[row.stops :]
        rows.append((row.ticket_id, "name", row.starts, row.starts + len(name)))
    renamed = pd.DataFrame(rows, columns=["ticket_id", "kind", "starts", "stops"])
    found = find_all(texts, redacting.build_lexicon(texts))
    assert measure_recall(found, renamed)["name"] >= 0.95


@pytest.mark.parametrize(("text", "gone"), [*BY_HAND, *BY_HAND_LATER])
def test_by_hand(text, gone):
    """One text alone, so that nothing is learned from others."""
    clean = redacting.redact_texts(pd.Series([text]), redacting.build_lexicon([text])).texts[0]
    assert not [word for word in gone.split() if word in clean], clean


@pytest.mark.parametrize("text", HARMLESS)
def test_nothing_personal_stays_as_it_is(text):
    assert redacting.redact_texts(pd.Series([text]), redacting.build_lexicon([text])).texts[0] == text


def test_counts_and_tokens():
    """Two names and a phone number in two texts, counted by hand."""
    texts = pd.Series(["Ask for Eva Holm, Tel. 030 23125 001.", "Mr Wessel rang."], index=[7, 9])
    redacted = redacting.redact_texts(texts, redacting.build_lexicon(texts))
    assert redacted.texts.to_dict() == {7: "Ask for [NAME], Tel. [PHONE].", 9: "Mr [NAME] rang."}
    counts = redacted.counts.set_index("kind")
    assert counts.redactions[["name", "phone", "email"]].tolist() == [2, 1, 0]
    assert counts.texts["name"] == 2


def test_known_contacts_are_found_without_anything_around_them():
    text = "the invoice went to Quellmalz by mistake, and the quotation too"
    alone = redacting.build_lexicon([text])
    known = redacting.build_lexicon([text], names=["Rosalind Quellmalz"])
    assert "Quellmalz" in redacting.redact_texts(pd.Series([text]), alone).texts[0]
    assert "Quellmalz" not in redacting.redact_texts(pd.Series([text]), known).texts[0]


def test_kept_words_are_no_names():
    text = "The Vortex Meter of our line is broken and we need it."
    assert "[NAME]" in redacting.redact_texts(pd.Series([text]), redacting.build_lexicon([text])).texts[0]
    kept = redacting.build_lexicon([text], keep=["Vortex meter"])
    assert redacting.redact_texts(pd.Series([text]), kept).texts[0] == text


def test_customer_numbers_by_the_clients_own_shape():
    lexicon = redacting.build_lexicon([], customer_ids=["K-10001", "K-10002", "K-20417"])
    clean = redacting.redact_texts(pd.Series(["about K-99999 and part 10001, X-10001"]), lexicon).texts[0]
    assert clean == "about [CUSTOMER_NUMBER] and part 10001, X-10001"


def test_check_digits():
    """Published examples: IBAN Registry, ISO 13616 (United Kingdom, Germany); ISO/IEC 7812 (79927398713)."""
    assert number_patterns.check_iban("GB82 WEST 1234 5698 7654 32")
    assert number_patterns.check_iban("DE89 3704 0044 0532 0130 00")
    assert not number_patterns.check_iban("DE88 3704 0044 0532 0130 00")
    assert number_patterns.check_card("4111 1111 1111 1111") and not number_patterns.check_card(
        "4111 1111 1111 1112"
    )
    assert not number_patterns.check_card("7992 7398 713")  # the digit is right, but cards are longer


def test_a_text_that_still_tells_is_refused():
    lexicon = redacting.build_lexicon([], customer_ids=["A00001", "A00002"])
    for text in (
        "to eva@example.org",
        "IBAN GB82WEST12345698765432",
        "call +49 30 23125 001",
        "it is A12345",
    ):
        with pytest.raises(InputError, match="left after redaction") as caught:
            redacting.check_redacted(pd.Series(["nothing here", text]), lexicon)
        assert text.split()[-1] not in str(caught.value)
    redacting.check_redacted(pd.Series(["[NAME] of [STREET]", "the order is late"]), lexicon)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The pump has been standing still since Monday, and we need it.", "en"),
        ("Die Pumpe steht seit Montag still, und wir brauchen sie dringend.", "de"),
        ("La pompe est arrêtée depuis lundi et nous en avons besoin.", "fr"),
        ("La bomba está parada desde el lunes y la necesitamos con urgencia.", "es"),
        ("Pompa stoi od poniedziałku i bardzo jej potrzebujemy, proszę o pomoc.", "pl"),
        ("Stock zero.", "unknown"),
    ],
)
def test_languages(text, language):
    assert find_language(text) == language


def test_a_text_that_does_not_tell_takes_the_language_of_most():
    texts = pd.Series(["Stock zero.", "We have no stock of it and it is late.", "Wir haben keine auf Lager."])
    assert assign_languages(texts).tolist()[0] in ("en", "de")
    assert assign_languages(texts.iloc[:2]).tolist() == ["en", "en"]
