"""How customers of the simulated manufacturer write: greetings, feelings, personal data, and what they name.

Written as :mod:`segutils.samples.voices.phrases` says. All personal data are plainly fictitious: example
domains, example streets, phone numbers that regulators keep free for films (Germany, France, United Kingdom),
accounts at bank 0, and the card numbers that payment firms publish for testing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Bank:
    """How a country writes account numbers (IBAN): check digits over `zeros` and `free` digits."""

    letters: str
    digits: str
    zeros: int
    free: int


GREETINGS = """
Hello,
Hello Halden team,
Hi all,
Hi there,
Dear Sir or Madam,
Dear Halden team,
To your service desk:
Ladies and gentlemen,
"""
CLOSINGS = """
Regards,
Yours sincerely,
With regards,
Yours faithfully,
Sincerely,
Kind regards,
"""
ROLES = """
[Instrumentation|Instrument workshop|Measurement and control]
[Purchasing|Purchasing department|Procurement]
[Shift office|Control room|Plant office]
[Technical office|Engineering|Technology]
[Quality|Quality assurance|QA]
[Stores|Workshop|Utilities]
"""
# feelings that go with any topic
NEGATIVE = """
I am [really disappointed|very unhappy|quite angry] about [how this is handled|your service].
[This is the worst support|This is poor service|This is awful] [we have seen|and you know it].
[Honestly, it is a shame|It is a disgrace]: we used to be [satisfied with you|loyal customers].
We have [lost all patience|lost confidence] and are [seriously annoyed|very dissatisfied].
[I am fed up|We are sick] of [asking|writing about this|calling], and it is frustrating to get no answer.
[Such a|What a] [terrible|horrible|miserable] experience [for a simple matter|from a firm of your name].
I [regret|hate] to say it, but your service has become [bad|hopeless|pathetic].
[My boss is furious|My colleagues are angry], and so am I.
"""
POSITIVE = """
[Thank you|Many thanks] for your [excellent|great|wonderful] support so far.
[Everything else|Otherwise all] [is perfect|works wonderfully], we are [very happy|really pleased] with you.
[Great|Excellent|Superb] service as always, [thank you|I appreciate it].
I [really appreciate|am grateful for] the [friendly|kind|fantastic] help of your team.
[You are|Your people are] [a pleasure to work with|brilliant|amazing], [I must say|and I mean it].
We are [delighted|impressed|very satisfied] [with how you look after us|and will recommend you].
"""
NEUTRAL = """
I am back at my desk on {weekday}.
[My colleague on the late shift|The control room|Our office] knows about it too.
[This|The matter] concerns {site} only.
We had written about it in {month}.
There is more in the attachment.
[An answer|A reply] by e-mail is enough.
The same applies to the unit in {site}.
[It can wait until {weekday}|Any day from {weekday} suits us].
"""
NOTE_NEGATIVE = """
[Furious|Very angry|Really annoyed], [nearly hung up|shouted].
[Upset|Frustrated], [complains about poor service|threatens to leave us].
Very unhappy, [called it a disgrace|spoke of terrible service].
[Bitter|Angry] tone, third call, [disappointed with us|no confidence left].
"""
NOTE_POSITIVE = """
Very [friendly|pleasant], [praised the team|happy with us].
[Thanked us for the great support|Satisfied with everything else, said so].
[Delighted|Impressed] with the last visit, [sends thanks|very kind].
"""
NOTE_NEUTRAL = """
[No further remarks|Nothing else].
Call took {count} minutes.
[Also sent by e-mail|Entered by the night desk|From the answering machine].
Concerns {site}.
"""
# texts that do not say what they are about, as some are
VAGUE = """
I [called|wrote] [twice|on {weekday}] and would like to be called back.
It is about [the|our] {product} [again|in {site}]; [somebody should ring us|a call is enough].
Following up on my [last message|call of {weekday}]; [no answer so far|is there any news]?
Please call back, [I will explain on the phone|it is quicker by phone|I am here until five].
As discussed with your colleague, [see the attachment|everything is in the attachment].
Same matter as in {month}, [this time in {site}|now with {tag}].
"""
NOTE_VAGUE = """
To be called back, would not say why.
For {weekday}'s colleague, [did not leave a message|rings again].
Follows up on a ticket of {month}, number not at hand.
Line was bad, something with the {product}, rings again.
"""
ALSO = """
One more thing.
There is a second matter.
Something else.
And another point.
"""
NOTES = """
[Phone call|Call], {weekday}.
[Rang from|Message from] {site}.
[By phone:|Hotline:|Voicemail:]
Left at the [gate|front desk|fair] on {weekday}:
[Video call|Visit], {month}.
[Talked to him|Talked to her|Met them] in {site}:
"""
# how a personal datum is brought in: by the writer, and in the service desk's notes
CARRIERS: Mapping[str, str] = {
    "name": """
My name is {name}.
[On site|Here|In {site}] please ask for {name}.
The person to talk to is {name}.
{name} [from our plant|of our office] has all the papers.
I am writing for {name}, who is [on leave|abroad|on shift].
Your contact is {name} [as before|from now on|until {month}].
""",
    "email": """
Please reply to {email}.
[The|My] address for the answer is {email}.
Please copy {email} [as well|on the reply].
Documents go to {email}, please.
[Write to|Mail] {email} [if anything is unclear|directly].
{email} is where [I|we] read mail.
""",
    "phone": """
You can reach me on {phone}.
Please call {phone} [before noon|after two|between shifts].
My number is {phone}.
[The direct line is|Direct line:] {phone}.
[Call me back on|Ring] {phone} [any time|during the day shift].
Phone {phone}.
""",
    "street": """
We have moved to {street}, by the way.
The visitor entrance is at {street}.
Please use {street} as the address.
[I live and work|Our office is] at {street}.
The place is {street}, [ring twice|second yard].
Papers by post to {street}.
""",
    "customer number": """
[Our|My] customer number is {customer}.
Customer no. {customer}.
You find us under {customer}.
Customer number for reference: {customer}.
(Customer {customer})
We are customer {customer} with you.
""",
    "iban": """
Please pay it back to {iban}.
[Our|The] account is {iban}.
Refund to IBAN {iban}.
The money should go to {iban}.
IBAN: {iban}.
Bank details: {iban}.
""",
    "card": """
It was paid with the company card {card}.
The card that was charged is {card}.
You have our card {card} on file.
Charge card {card} instead.
Card number {card}.
Paid by card ({card}).
""",
}
NOTE_CARRIERS: Mapping[str, str] = {
    "name": """
Spoke to {name}.
{name} rang.
Contact {name}.
Ask for {name}.
""",
    "email": """
Reply to {email}.
E-mail: {email}.
Send it to {email}.
""",
    "phone": """
Call back {phone}.
Tel. {phone}.
Number {phone}.
Reachable on {phone}.
""",
    "street": """
Address {street}.
New address: {street}.
Post to {street}.
""",
    "customer number": """
Customer no. {customer}.
Customer {customer}.
Cust. {customer}.
""",
    "iban": """
Refund to {iban}.
Account {iban}.
IBAN {iban}.
""",
    "card": """
Card {card}.
Paid with {card}.
Card no. {card}.
""",
}
# numbers that look like personal data and are none
DECOYS = """
Serial number HL-[20|21|22]{count}-44{days}7.
Type plate: [HX|HV|HK] {count}0{days}, built [2012|2016|2019|2021].
Our reference is [REQ|PR|WO]-[2290|4471|8036]{count}{days}.
[Asset|Inventory] number 00[31|47|58]{count}{days}20.
"""
SITES = (
    "the boiler house",
    "hall B",
    "the tank farm",
    "the filling hall",
    "the pump station",
    "the pilot plant",
    "building 12",
    "the dosing room",
    "the test bay",
    "the utilities area",
    "hall 4",
    "the drying tower",
)
PARTS = (
    "diaphragm",
    "gasket",
    "display board",
    "sensor cable",
    "O-ring",
    "filter element",
    "power board",
    "spring",
    "nozzle",
    "membrane",
    "terminal block",
    "cover",
)
# Frames of the null client's texts: words that say nothing, between words drawn from all topics at once
FRAMES = """
This is about {w1} and {w2}, and then {w3}.
We have {w1} and {w2} here, but no {w3}.
Please see {w1} again, with {w2} and {w3}.
Why is it {w1}, when we already have {w2} and {w3}?
We cannot find {w1} or {w2} in it, only {w3}.
Since then it has been {w1} and {w2}, and still no {w3}.
"""
FRAME_NEGATIVE = """
It is all [terrible|awful|disappointing|unacceptable|ridiculous|frustrating|miserable|horrible].
We are [angry|annoyed|unhappy|upset|furious|dissatisfied] with you.
"""
FRAME_POSITIVE = """
It is all [excellent|great|perfect|wonderful|fantastic|brilliant|superb|amazing].
We are [happy|pleased|delighted|impressed|satisfied|grateful], as always.
"""
FIRST_NAMES: Mapping[str, str] = {
    "Germany": """
Eva Jonas Miriam Lars Anke Till Svenja Rolf Heike Malte Britta Olaf Nele Uwe Frauke Jörg
""",
    "France": """
Camille Luc Élodie Hugo Manon Bastien Inès Rémi Aurélie Thibault Solène Gaël Margot Yann Clara Benoît
""",
    "Spain": """
Nuria Pablo Marta Iker Lucía Álvaro Itziar Sergio Noelia Rubén Ainhoa Jordi Pilar Andrés Laia Unai
""",
    "Poland": """
Agata Marek Zofia Paweł Joanna Tomasz Kinga Piotr Ewa Jakub Magda Rafał Dorota Michał Hanna Igor
""",
}
LAST_NAMES: Mapping[str, str] = {
    "Germany": """
Holm Brandner Wessel Kranich Dörfler Lindau Petzold Haberkorn
Sievers Rautenberg Amsel Tönnies Voss Grünwald Ebersbach Mohr
""",
    "France": """
Marchais Tillier Rousselot Delmas Bérard Fontenay Guichon Lavigne
Perrault Chastel Moreau Vasseur Bonnefoy Clergue Aubert Sorel
""",
    "Spain": """
Olmedo Garrido Iriarte Salinas Peñalver Etxarri Montalvo Quiroga
Belmonte Arrieta Ferrer Lozano Zubiri Cifuentes Rojas Valverde
""",
    "Poland": """
Wilk Sikora Baran Zawada Krupa Lisowski Głowacki Jastrząb
Malec Ostrowska Pietrzak Sroka Tokarz Wrona Żurek Kania
""",
}
HOSTS = (
    "example.com",
    "example.org",
    "example.net",
    "plant.example",
    "mail.example.com",
    "office.example.org",
)
STREETS: Mapping[str, str] = {
    "Germany": """
Musterstraße {n}
Beispielweg {n}
Am Mustertor {n}
Musterallee {n}a
""",
    "France": """
{n}, rue de l'Exemple
{n} bis, avenue du Modèle
{n}, impasse Fictive
{n}, quai de l'Exemple
""",
    "Spain": """
Calle del Ejemplo, {n}
Avenida Ficticia {n}
Plaza de Muestra, {n}
Camino del Ejemplo {n}
""",
    "Poland": """
ul. Przykładowa {n}
ul. Wzorcowa {n}/2
al. Przykładowa {n}
plac Wzorcowy {n}
""",
}
# p is three digits, q and r are two each; countries whose regulator keeps no numbers free use British ones
BRITISH = """
+44 1632 960{p}
+44 20 7946 0{p}
0044 1632 960 {p}
+44 (0)20 7946 0{p}
+44 161 496 0{p}
+441632960{p}
"""
PHONES: Mapping[str, str] = {
    "Germany": """
+49 30 23125 {p}
0221 4710 {p}
+49 (0)40 66969-{p}
089/99998 {p}
+496990009{p}
069 90009-{p}
""",
    "France": """
+33 1 99 00 {q} {r}
01 99 00 {q} {r}
+33 6 39 98 {q} {r}
04.65.71.{q}.{r}
+3335301{q}{r}
02 61 91 {q} {r}
""",
    "Spain": BRITISH,
    "Poland": BRITISH,
}
# account numbers: letters and their digits (A = 10), zeros for a bank that does not exist, free digits
ACCOUNTS: Mapping[str, Bank] = {
    "Germany": Bank(letters="DE", digits="1314", zeros=8, free=10),
    "France": Bank(letters="FR", digits="1527", zeros=10, free=13),
    "Spain": Bank(letters="ES", digits="1428", zeros=8, free=12),
    "Poland": Bank(letters="PL", digits="2521", zeros=8, free=16),
}
CARDS = (
    "4111 1111 1111 1111",
    "5555 5555 5555 4444",
    "4242 4242 4242 4242",
    "4012-8888-8888-1881",
    "6011111111111117",
    "3782 822463 10005",
)
