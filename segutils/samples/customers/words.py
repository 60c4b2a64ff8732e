"""What names, addresses and contacts of the simulated firms are made of, country by country.

All in their own letters. Streets, people and firms are put together from parts, so that a million firms find
names; towns stand in :mod:`segutils.samples.customers.places`. Domains end in .example, which nobody can own
(RFC 2606): no message to a simulated person ever arrives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(","))


def _fields(text: str) -> Mapping[str, tuple[str, ...]]:
    """``Industry: word, word`` line by line."""
    lines = (line.split(":") for line in text.strip().splitlines())
    return {industry.strip(): _words(words) for industry, words in lines}


@dataclass(frozen=True, kw_only=True)
class Country:
    """What a country's firms, people and streets are called.

    Parameters
    ----------
    name : str
    tld, calling_code : str
    trunk : str
        Digit before the area code in calls within the country.
    phone_digits : int
        Of a number, without the trunk digit.
    first_names : tuple of str
        ``Alexander:Alex``, with the name used among colleagues.
    families, family_starts, family_ends : tuple of str
        Common family names; parts of the others.
    family_joint : str
        Between the two parts.
    fields : mapping of str to tuple of str
        What a firm of this industry has in its name.
    legal_forms : mapping of str to tuple of str
        ``form: (slots of 20, spelled differently, and again)``.
    street_types, street_names : tuple of str
    street_short : tuple of str
        The street types, abbreviated.
    street_pattern : str
        The name of a street, in SQL, from its name and its type.
    address_pattern : str
        Name and house number, in SQL.
    mailboxes, providers : tuple of str
        Shared mailboxes of a firm; where private mail is kept.
    """

    name: str
    tld: str
    calling_code: str
    trunk: str
    phone_digits: int
    first_names: tuple[str, ...]
    families: tuple[str, ...]
    family_starts: tuple[str, ...]
    family_ends: tuple[str, ...]
    family_joint: str
    fields: Mapping[str, tuple[str, ...]]
    legal_forms: Mapping[str, tuple[int, str, str]]
    street_types: tuple[str, ...]
    street_short: tuple[str, ...]
    street_names: tuple[str, ...]
    street_pattern: str
    address_pattern: str
    mailboxes: tuple[str, ...]
    providers: tuple[str, ...]


# Made-up names of firms: a start, one or two middles, an end
COINED_STARTS = _words(
    "Al, Ber, Cor, Del, El, Fer, Gal, Hel, In, Jur, Kal, Lu, Mar, Nor, Or, Pol, Qua, Ro, Sil, Tar, Ul, Val, "
    "Wes, Xen, Ya, Zen, Bal, Dor, Her, Tel"
)
COINED_MIDDLES = _words("ba, de, fi, go, ka, la, lo, ma, mi, na, no, ra, ri, ro, sa, ta, te, ti, va, vo")
COINED_ENDS = _words("tec, lux, nova, tron, plan, san, dur, mex, form, nex, ris, don, via, col, gen, lab")

GERMANY = Country(
    name="Germany",
    tld="de.example",
    calling_code="49",
    trunk="0",
    phone_digits=10,
    first_names=_words(
        "Alexander:Alex, Andreas:Andi, Angelika:Geli, Annemarie:Anne, Barbara:Babs, Benjamin:Ben, "
        "Bernhard:Bernd, Birgit:Biggi, Christian:Chris, Christina:Tina, Daniel:Dani, Dorothea:Doro, "
        "Elisabeth:Lisa, Florian:Flo, Franziska:Franzi, Friedrich:Fritz, Gabriele:Gabi, Günther:G., "
        "Joachim:Jochen, Johannes:Hannes, Jörg:J., Jürgen:J., Karl-Heinz:Kalle, Katharina:Kathi, Käthe:K., "
        "Manfred:Manni, Margarete:Grete, Matthias:Matze, Maximilian:Max, Michael:Michi, Monika:Moni, "
        "Nikolaus:Klaus, Rüdiger:Rudi, Sabine:Bine, Sebastian:Basti, Sören:S., Stefanie:Steffi, "
        "Susanne:Susi, Thomas:Tom, Ulrich:Uli, Ursula:Uschi, Wilhelm:Willi"
    ),
    families=_words(
        "Müller, Schmidt, Schneider, Fischer, Weber, Meyer, Wagner, Becker, Schulz, Hoffmann, Schäfer, "
        "Koch, Bauer, Richter, Klein, Wolf, Schröder, Neumann, Schwarz, Zimmermann, Braun, Krüger, Hofmann, "
        "Hartmann, Lange, Schmitt, Werner, Krause, Meier, Lehmann, Schmid, Schulze, Maier, Köhler, "
        "Herrmann, König, Walter, Mayer, Huber, Kaiser, Fuchs, Peters, Lang, Scholz, Möller, Weiß, Jung, "
        "Hahn, Schubert, Vogel, Friedrich, Keller, Günther, Frank, Berger, Winkler, Roth, Beck, Lorenz, "
        "Großmann"
    ),
    family_starts=_words(
        "Acker, Alten, Birken, Blumen, Brand, Breiten, Buchen, Burg, Dorn, Eber, Eichen, Erlen, Falken, "
        "Fisch, Gold, Grün, Hagen, Hart, Heide, Hirsch, Hohen, Kalten, Kirch, Königs, Kron, Linden, Mühl, "
        "Neu, Ober, Ried, Rosen, Sand, Schön, Silber, Stroh, Tannen, Wald, Weiden, Wiesen, Winter"
    ),
    family_ends=_words(
        "acker, bach, bauer, beck, berg, berger, brunn, dörfer, feld, felder, haus, häuser, hofer, huber, "
        "kamp, mann, meier, müller, reuter, stein"
    ),
    family_joint="",
    fields=_fields("""
        Chemicals: Chemie, Lackwerke, Polymertechnik, Spezialchemie, Klebstoffe, Farbenwerke
        Oil & gas: Mineralöl, Raffinerietechnik, Gastechnik, Pipelinebau, Tankanlagen, Schmierstoffe
        Pharma: Pharma, Arzneimittel, Biotechnik, Wirkstoffe, Medizinprodukte, Galenik
        Food & beverage: Lebensmittel, Molkerei, Brauerei, Feinkost, Backwaren, Getränke
        Water: Wassertechnik, Abwassertechnik, Klärtechnik, Wasserwerke, Filtertechnik, Umwelttechnik
        Machinery: Maschinenbau, Anlagenbau, Messtechnik, Antriebstechnik, Werkzeugbau, Hydraulik
        Laboratories: Labor, Analytik, Prüfinstitut, Labordiagnostik, Materialprüfung, Umweltlabor
        Energy: Energie, Kraftwerkstechnik, Windkraft, Fernwärme, Solartechnik, Energietechnik
    """),
    legal_forms={
        "GmbH": (11, "G.m.b.H.", "Gesellschaft mbH"),
        "GmbH & Co. KG": (5, "GmbH + Co KG", "GmbH u. Co. KG"),
        "AG": (2, "A.G.", "Aktiengesellschaft"),
        "KG": (2, "K.G.", "Kommanditgesellschaft"),
    },
    street_types=_words("straße, straße, straße, weg, allee"),
    street_short=_words("str., str., str., weg, allee"),
    street_names=_words(
        "Industrie, Bahnhof, Garten, Schiller, Goethe, Mozart, Lessing, Beethoven, Mühlen, Hafen, Werft, "
        "Werk, Kirch, Schul, Berg, Tal, Wald, Wiesen, Linden, Eichen, Buchen, Birken, Ulmen, Rosen, Feld, "
        "Acker, Brücken, Ufer, Kanal, Schloss, Burg, Markt, Post, Turm, König, Kaiser, Kant, Hegel, "
        "Siemens, Bosch, Daimler, Diesel, Benz, Robert-Koch-, Röntgen, Liebig, Gauß, Kepler, Zeppelin, "
        "Messe, Gewerbe, Handels, Fabrik, Brunnen, Quellen, Ziegelei, Sägemühlen, Süd, Nord, Ost"
    ),
    street_pattern="concat({name}, {type})",
    address_pattern="concat(road, ' ', number)",
    mailboxes=_words("info, einkauf, buchhaltung, technik, office"),
    providers=_words("post.example, netz.example, tagwerk.example, mail.example, freipost.example"),
)

FRANCE = Country(
    name="France",
    tld="fr.example",
    calling_code="33",
    trunk="0",
    phone_digits=9,
    first_names=_words(
        "Alexandre:Alex, Amélie:A., André:Dédé, Antoine:Tonio, Béatrice:Béa, Benoît:Ben, Caroline:Caro, "
        "Catherine:Cathy, Christophe:Chris, Clémence:Clem, Daniel:Dany, Dominique:Dom, Élisabeth:Babette, "
        "Emmanuel:Manu, Éric:É., Florence:Flo, François:F., Frédéric:Fred, Gabriel:Gab, Geneviève:Ginette, "
        "Grégory:Greg, Guillaume:Guigui, Hélène:H., Isabelle:Isa, Jacqueline:Jackie, Jean-François:Jeff, "
        "Jean-Pierre:J.-P., Joséphine:Josy, Madeleine:Mado, Maxime:Max, Nathalie:Nath, Nicolas:Nico, "
        "Patricia:Pat, Philippe:Phil, Raphaël:Raph, Sébastien:Seb, Stéphane:Stef, Thérèse:T., Valérie:Val, "
        "Véronique:Véro, Vincent:Vince, Xavier:Xav"
    ),
    families=_words(
        "Martin, Bernard, Thomas, Petit, Robert, Richard, Durand, Dubois, Moreau, Laurent, Simon, Michel, "
        "Lefèvre, Leroy, Roux, David, Bertrand, Morel, Fournier, Girard, Bonnet, Dupont, Lambert, Fontaine, "
        "Rousseau, Vincent, Müller, Faure, André, Mercier, Blanc, Guérin, Boyer, Garnier, Chevalier, "
        "François, Legrand, Gauthier, Garcia, Perrin, Robin, Clément, Morin, Nicolas, Henry, Roussel, "
        "Mathieu, Gautier, Masson, Marchand, Duval, Denis, Dumont, Marie, Lemaire, Noël, Meyer, Dufour, "
        "Meunier, Brière"
    ),
    family_starts=_words(
        "Beau, Belle, Blanche, Bonne, Bourg, Brise, Chante, Claire, Clair, Corbe, Dame, Fière, Fonte, Fort, "
        "Franche, Froide, Gaste, Grand, Haute, Jolie, Longue, Mal, Marche, Mire, Noire, Passe, Perce, "
        "Pierre, Plaine, Pont, Quatre, Riche, Rouge, Sainte, Sèche, Taille, Tire, Vau, Verte, Vieille"
    ),
    family_ends=_words(
        "bois, bourg, champ, combe, court, croix, faye, feuille, fontaine, font, garde, lande, lieu, mare, "
        "mont, pré, rive, roche, val, ville"
    ),
    family_joint="",
    fields=_fields("""
        Chemicals: Chimie, Peintures, Polymères, Chimie fine, Adhésifs, Résines
        Oil & gas: Pétroles, Raffinage, Gaz industriels, Oléoducs, Lubrifiants, Hydrocarbures
        Pharma: Pharma, Médicaments, Biotechnologies, Principes actifs, Santé, Galénique
        Food & beverage: Agroalimentaire, Laiterie, Brasserie, Conserves, Boulangerie, Boissons
        Water: Eaux, Assainissement, Épuration, Filtration, Hydraulique urbaine, Traitement des eaux
        Machinery: Mécanique, Constructions mécaniques, Métrologie, Transmissions, Outillage, Hydraulique
        Laboratories: Laboratoires, Analyses, Essais, Diagnostics, Contrôle matériaux, Expertises
        Energy: Énergie, Centrales, Éolien, Chauffage urbain, Solaire, Énergies nouvelles
    """),
    legal_forms={
        "SARL": (8, "S.A.R.L.", "S.à r.l."),
        "SAS": (8, "S.A.S.", "Société par actions simplifiée"),
        "SA": (4, "S.A.", "Société anonyme"),
    },
    street_types=_words("rue, avenue, boulevard, chemin, allée"),
    street_short=_words("r., av., bd, ch., all."),
    street_names=_words(
        "de l'Industrie, des Lilas, Victor Hugo, Jean Jaurès, de la Gare, du Port, des Acacias, Pasteur, de "
        "la République, Gambetta, Émile Zola, du Moulin, de la Forêt, des Érables, du Général Leclerc, de "
        "Verdun, des Chênes, de la Fontaine, du Château, de l'Église, des Écoles, Voltaire, Molière, "
        "Racine, Louis Blériot, Marie Curie, Ampère, Lavoisier, Denis Papin, Gustave Eiffel, de "
        "l'Artisanat, des Frênes, du Stade, de la Liberté, de l'Europe, des Tilleuls, du Marché, de la "
        "Paix, de Bretagne, d'Alsace, de Lorraine, de Bourgogne, du Canal, de l'Écluse, des Tanneurs, des "
        "Meuniers, des Forges, de la Verrerie, des Carrières, de la Mairie, du Lac, de la Vallée, des "
        "Vignes, du Pré, de la Source, des Peupliers, Jules Verne, Jules Ferry, Aristide Briand, Léon Blum"
    ),
    street_pattern="concat({type}, ' ', {name})",
    address_pattern="concat(number, ' ', road)",
    mailboxes=_words("contact, achats, comptabilite, technique, accueil"),
    providers=_words("courrier.example, libre.example, poste.example, mail.example, fil.example"),
)

SPAIN = Country(
    name="Spain",
    tld="es.example",
    calling_code="34",
    trunk="",
    phone_digits=9,
    first_names=_words(
        "Alejandro:Álex, Antonio:Toni, Beatriz:Bea, Begoña:Bego, Carmen:Menchu, Concepción:Concha, "
        "Consuelo:Chelo, Cristina:Cris, Dolores:Lola, Eduardo:Edu, Enrique:Quique, Federico:Fede, "
        "Fernando:Fer, Francisca:Paca, Francisco:Paco, Gabriel:Gabi, Guadalupe:Lupe, Guillermo:Guille, "
        "Ignacio:Nacho, Íñigo:Í., Isabel:Isa, Jesús:Chus, José:Pepe, José María:Chema, Josefa:Pepa, Juan "
        "Manuel:Juanma, Manuel:Manolo, María Isabel:Maribel, María Teresa:Maite, Mercedes:Merche, "
        "Montserrat:Montse, Nicolás:Nico, Pilar:Pili, Rafael:Rafa, Ramón:Moncho, Raúl:R., Rosario:Charo, "
        "Santiago:Santi, Sebastián:Sebas, Teresa:Tere, Verónica:Vero, Vicente:Chente"
    ),
    families=_words(
        "García, Rodríguez, González, Fernández, López, Martínez, Sánchez, Pérez, Gómez, Martín, Jiménez, "
        "Ruiz, Hernández, Díaz, Moreno, Muñoz, Álvarez, Romero, Alonso, Gutiérrez, Navarro, Torres, "
        "Domínguez, Vázquez, Ramos, Gil, Ramírez, Serrano, Blanco, Molina, Morales, Suárez, Ortega, "
        "Delgado, Castro, Ortiz, Rubio, Marín, Sanz, Núñez, Iglesias, Medina, Garrido, Cortés, Castillo, "
        "Santos, Lozano, Guerrero, Cano, Prieto, Méndez, Cruz, Calvo, Gallego, Vidal, León, Márquez, "
        "Herrera, Peña, Flores"
    ),
    family_starts=_words(
        "Aguirre, Aranda, Arroyo, Ayala, Ballester, Barrios, Bermúdez, Borrell, Bravo, Cabrera, Campos, "
        "Carrasco, Costa, Crespo, Echevarría, Escobar, Esteban, Ferrer, Fuentes, Giménez, Ibáñez, "
        "Izquierdo, Lara, Luna, Merino, Montero, Nieto, Olmedo, Pascual, Puig, Quintana, Redondo, Robles, "
        "Roca, Rovira, Salas, Segura, Soler, Urrutia, Zubiri"
    ),
    family_ends=_words(
        "Arias, Benítez, Cuesta, Durán, Espinosa, Font, Gallardo, Hidalgo, Ibarra, Lorente, Mora, Otero, "
        "Parra, Rey, Sáez, Soto, Tapia, Valero, Vega, Yáñez"
    ),
    family_joint=" ",
    fields=_fields("""
        Chemicals: Química, Pinturas, Polímeros, Química Fina, Adhesivos, Resinas
        Oil & gas: Petróleos, Refino, Gases Industriales, Oleoductos, Lubricantes, Hidrocarburos
        Pharma: Farma, Medicamentos, Biotecnología, Principios Activos, Productos Sanitarios, Galénica
        Food & beverage: Alimentación, Lácteos, Cervezas, Conservas, Panificadora, Bebidas
        Water: Aguas, Saneamiento, Depuración, Filtración, Hidráulica Urbana, Tratamiento de Aguas
        Machinery: Maquinaria, Construcciones Mecánicas, Metrología, Transmisiones, Utillaje, Oleohidráulica
        Laboratories: Laboratorios, Análisis, Ensayos, Diagnóstico, Control de Materiales, Peritajes
        Energy: Energía, Centrales, Eólica, Calefacción Urbana, Solar, Renovables
    """),
    legal_forms={
        "S.L.": (13, "SL", "Sociedad Limitada"),
        "S.A.": (5, "SA", "Sociedad Anónima"),
        "S.L.U.": (2, "SLU", "Sociedad Limitada Unipersonal"),
    },
    street_types=_words("Calle, Avenida, Carretera, Paseo, Camino"),
    street_short=_words("C/, Avda., Ctra., Pº, Cno."),
    street_names=_words(
        "de la Industria, del Puerto, Mayor, de la Constitución, de la Estación, del Molino, del Carmen, "
        "San José, de Goya, de Cervantes, de Velázquez, del Prado, de la Fuente, de la Iglesia, de las "
        "Flores, del Sol, de la Luna, de los Olivos, de los Pinos, de la Paz, de España, de Europa, de "
        "América, de Andalucía, de Castilla, de Aragón, de Navarra, de Galicia, de Asturias, de Valencia, "
        "de Lepanto, de Colón, de Gaudí, de Picasso, de Dalí, de Ramón y Cajal, de Severo Ochoa, de Isaac "
        "Peral, de Torres Quevedo, de los Artesanos, de los Herreros, del Acero, del Hierro, del Cobre, de "
        "la Plata, del Vidrio, de la Lana, del Trigo, de la Viña, del Río, del Monte, de la Sierra, de la "
        "Playa, del Faro, de la Cruz, del Pilar, de San Antonio, de Santa Ana, de San Isidro, de la Ermita"
    ),
    street_pattern="concat({type}, ' ', {name})",
    address_pattern="concat(road, ', ', number)",
    mailboxes=_words("info, compras, contabilidad, tecnico, oficina"),
    providers=_words("correo.example, linea.example, casa.example, mail.example, nube.example"),
)

POLAND = Country(
    name="Poland",
    tld="pl.example",
    calling_code="48",
    trunk="",
    phone_digits=9,
    first_names=_words(
        "Agnieszka:Aga, Aleksander:Olek, Aleksandra:Ola, Andrzej:Jędrek, Anna:Ania, Barbara:Basia, "
        "Bartłomiej:Bartek, Dariusz:Darek, Elżbieta:Ela, Ewa:Ewka, Franciszek:Franek, Grażyna:Grażka, "
        "Grzegorz:Grzesiek, Halina:Hala, Henryk:Heniek, Jakub:Kuba, Jan:Janek, Jerzy:Jurek, Joanna:Asia, "
        "Józef:Józek, Katarzyna:Kasia, Krzysztof:Krzysiek, Łukasz:Ł., Magdalena:Magda, Małgorzata:Gosia, "
        "Mateusz:Mati, Michał:Misiek, Mieczysław:Mietek, Paweł:P., Piotr:Piotrek, Ryszard:Rysiek, "
        "Sławomir:Sławek, Stanisław:Staszek, Tadeusz:Tadek, Tomasz:Tomek, Wiesław:Wiesiek, Wojciech:Wojtek, "
        "Zbigniew:Zbyszek, Zdzisław:Zdzich, Zofia:Zosia"
    ),
    families=_words(
        "Nowak, Kowalski, Wiśniewski, Wójcik, Kowalczyk, Kamiński, Lewandowski, Zieliński, Szymański, "
        "Woźniak, Dąbrowski, Kozłowski, Jankowski, Mazur, Kwiatkowski, Wojciechowski, Krawczyk, Kaczmarek, "
        "Piotrowski, Grabowski, Zając, Pawłowski, Król, Michalski, Wróbel, Wieczorek, Jabłoński, "
        "Nowakowski, Majewski, Stępień, Olszewski, Jaworski, Malinowski, Dudek, Adamczyk, Pawlak, Górski, "
        "Nowicki, Sikora, Witkowski, Rutkowski, Walczak, Baran, Michalak, Szewczyk, Ostrowski, Tomaszewski, "
        "Pietrzak, Zalewski, Wróblewski, Marciniak, Jasiński, Sadowski, Zawadzki, Bąk, Duda, Jakubowski, "
        "Chmielewski, Włodarczyk, Borkowski"
    ),
    family_starts=_words(
        "Adam, Bar, Biel, Bog, Bor, Brzoz, Chmiel, Czar, Dąb, Dobr, Dzik, Gaj, Gór, Grab, Jabł, Jan, Jaw, "
        "Kal, Kamin, Kędz, Klon, Koz, Krzy, Lip, Łaz, Łuk, Mal, Mich, Młyn, Now, Olsz, Orł, Pietr, Rog, "
        "Róż, Sad, Sos, Szym, Wil, Zaw"
    ),
    family_ends=_words(
        "owski, ewski, iński, ecki, icki, owicz, czak, czyk, iak, owiak, oń, ula, asz, ek, arz, ał, yński, "
        "ewicz, orek, anek"
    ),
    family_joint="",
    fields=_fields("""
        Chemicals: Chemia, Farby, Polimery, Zakłady Chemiczne, Kleje, Żywice
        Oil & gas: Paliwa, Rafineria, Gazy Techniczne, Rurociągi, Oleje, Węglowodory
        Pharma: Farma, Leki, Biotechnologia, Substancje Czynne, Wyroby Medyczne, Farmaceutyka
        Food & beverage: Spożywcze, Mleczarnia, Browar, Przetwory, Piekarnia, Napoje
        Water: Wodociągi, Kanalizacja, Oczyszczalnie, Filtracja, Hydrotechnika, Uzdatnianie Wody
        Machinery: Maszyny, Budowa Maszyn, Metrologia, Napędy, Narzędzia, Hydraulika Siłowa
        Laboratories: Laboratorium, Analizy, Badania, Diagnostyka, Kontrola Materiałów, Ekspertyzy
        Energy: Energia, Elektrownie, Wiatraki, Ciepłownia, Fotowoltaika, Energetyka
    """),
    legal_forms={
        "Sp. z o.o.": (14, "Spółka z o.o.", "SP Z O O"),
        "S.A.": (4, "SA", "Spółka Akcyjna"),
        "Sp. k.": (2, "Sp.k.", "Spółka komandytowa"),
    },
    street_types=_words("ul., al., pl., os., skwer"),
    street_short=_words("ulica, Aleja, Plac, Osiedle, skwer"),
    street_names=_words(
        "Przemysłowa, Kościuszki, Mickiewicza, Słowackiego, Sienkiewicza, Piłsudskiego, Fabryczna, "
        "Kolejowa, Dworcowa, Ogrodowa, Polna, Leśna, Łąkowa, Lipowa, Dębowa, Brzozowa, Klonowa, Sosnowa, "
        "Akacjowa, Kwiatowa, Szkolna, Kościelna, Zamkowa, Rynkowa, Krótka, Długa, Szeroka, Wąska, Nowa, "
        "Stara, Młyńska, Mostowa, Portowa, Rzeczna, Źródlana, Górna, Dolna, Wiejska, Miejska, Warszawska, "
        "Krakowska, Gdańska, Poznańska, Łódzka, Wrocławska, Lubelska, Śląska, Mazowiecka, Pomorska, "
        "Hutnicza, Górnicza, Stalowa, Żelazna, Składowa, Techniczna, Energetyków, Chemiczna, Kopernika, "
        "Chopina, Reymonta"
    ),
    street_pattern="concat({type}, ' ', {name})",
    address_pattern="concat(road, ' ', number)",
    mailboxes=_words("biuro, zakupy, ksiegowosc, serwis, sekretariat"),
    providers=_words("poczta.example, list.example, dom.example, mail.example, siec.example"),
)
COUNTRIES = (GERMANY, FRANCE, SPAIN, POLAND)
