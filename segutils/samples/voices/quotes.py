"""What people say in interviews of the simulated manufacturer: themes, and spoken passages for each.

Written as :mod:`segutils.samples.voices.phrases` says, without names in braces. A passage is an
opening, one of the theme's `said` and, mostly, one of its `then`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Theme:
    """A theme of interviews: what people say about it, and how they go on."""

    name: str
    said: str
    then: str


OPENINGS = """
Look,
Well,
I mean,
You know,
To be honest,
Honestly,
Right, so
I'd say
For us,
The thing is,
How shall I put it,
Yeah, well,
I'll give you an example:
What we see here is,
"""
THEMES = (
    Theme(
        name="uptime fear",
        said="""
if that one meter drops out, the [whole line|reactor|plant] stops, and then my phone doesn't stop ringing.
[one hour|half a day] of standstill costs us more than all your instruments together.
I don't sleep well before a start-up, because [one dead sensor|one frozen reading] and we're down again.
what I'm afraid of is not the price, it's the [Sunday night|three in the morning] call that the unit has
  tripped.
we had it [last winter|two years ago], a transmitter died, and we lost [two days|a full batch].
nobody upstairs asks what a meter costs, they ask why we were [down|standing still].
we run [round the clock|fifty weeks a year], there's simply no moment when a thing like that may fail.
I keep [two spares of everything|a shelf full of stuff], just so that we never stand still.
the trip last spring, that was a [thirty|fifty] euro part, and it took the [boiler|compressor] down with it.
the redundant one saved us [in March|last autumn], otherwise we'd have emptied the whole column.
I look at the trend screen [first thing in the morning|before my coffee], and if it's flat I get nervous.
a shutdown is planned two years ahead, and one failed instrument can [throw it over|move it by a week].
my nightmare is a sensor that fails [quietly|and still shows a nice value].
insurance wants to know why we stopped, and "the probe was old" isn't an answer.
""",
        then="""
And then everybody looks at me.
So I'd rather [change it too early|pay double] than find out at night.
We count every minute of it, believe me.
That's what I think about when I choose, nothing else.
You can't make that up again, those tonnes are gone.
It takes us a day to get back up.
""",
    ),
    Theme(
        name="price pressure",
        said="""
my customer squeezes me, so I've got to squeeze you, it's as simple as that.
we lost a [tender|machine] by [two|three] per cent, and the instruments were four of it.
purchasing puts [three|four] quotes next to each other and takes the bottom line, full stop.
a sensor goes into every machine I sell, so [fifty cents|one euro] more is a whole salary at the end of the
  year.
I'd love to buy the good one, but nobody pays me for it [down the road|in the end].
every [January|spring] you send me a price increase, and I can't pass it on.
the Asian ones are [thirty|forty] per cent cheaper now, and they do the job, more or less.
if the discount isn't there, I don't even have to [open the file|call you].
we have a target, [five|six] per cent down on bought-in parts, every single year.
we sat there with a red pen and went through the parts list, line by line, and you're [on page one|near the
  top].
there was a time when quality won the order, now it's [an auction on the screen|who blinks first].
I got a call from [a trader|somebody abroad], the same article, a fifth cheaper.
the machine sells for [ninety|sixty] thousand, that's fixed, and everything inside has to fit under it.
you can't explain to my boss why the same thing cost less [two years ago|last time].
""",
        then="""
And I can't argue with that.
So yes, we look around, of course we do.
It isn't that we don't like you.
Show me a number I can take to my boss.
In the end it's the [total|sum at the bottom] that counts.
That's the market, I didn't invent it.
""",
    ),
    Theme(
        name="speed of delivery",
        said="""
when I need a part I need it [tomorrow|the day after], not in three weeks.
if it's on the shelf I take it, whoever makes it.
you said [five|four] days and it was [two weeks|eleven], and in the meantime I'd fixed it with another brand.
I'm not asking for miracles, I only want to know [if it leaves today|the day it comes].
the [fitter|crew] is here on Thursday, and if the box isn't, I've paid for nothing.
the local shop has it [in an hour|by noon], and that's why I go there.
ten weeks of lead time, that's a [joke|whole season] when you're building something.
we order at [four|three] in the afternoon and it's here at seven, that's what we've got used to.
half of my day is [chasing|running after] boxes.
I've got a van outside and [nothing to put in it|two men waiting], because your parcel is in some depot.
three phone calls for one delivery date, and each time [a different answer|another week].
with you it's either tomorrow or [six weeks|never], there's nothing in between.
we had to borrow a [gauge|transmitter] from the neighbours, that's how long it took.
if I can pick it up myself, I'm in the car [already|in five minutes].
""",
        then="""
Everything else comes second.
Waiting is what kills us.
I've stopped asking, I just buy what's there.
And a tracking link would do, you know?
Fast beats cheap, at least here.
We can't hold a whole job for one box.
""",
    ),
    Theme(
        name="proof and paperwork",
        said="""
without the certificate the thing is worth nothing to me, I can't even [unpack it|put it in].
the auditor doesn't look at the instrument, he looks at the [folder|binder].
we spend more time on [documents|qualification papers] than on the measuring itself.
every [serial number|change] has to be traceable, [ten|fifteen] years back.
if a data sheet and a certificate don't match, I've got a deviation and [a week|three days] of writing.
the paper has to come with the box, not [three weeks later|when somebody remembers].
I've got [thirty|forty] binders back there, and the inspector will open the one that's missing a page.
we signed a handover once with [two|four] declarations missing, and I'll never do that again.
my people can calibrate, sure, but they can't sign, so I need yours to.
the inspector asked for the material certificate of one [gasket|screw], and we searched for two days.
each change needs a form, and each form needs [three|four] signatures, so I think twice before I change a
  supplier.
give me the as-found values in writing, otherwise I [can't close|have to reopen] the deviation.
your competitor's box had the papers in a plastic bag on top, and that was the reason we [stayed|signed].
for the authorities it hasn't happened if it isn't [written down|in the file].
""",
        then="""
That's not me being difficult, it's the rule.
No paper, no release.
And do it digitally, please, not as a scan of a scan.
I'd pay extra for that, seriously.
That's half the job in our business.
Then the audit takes an hour and not two days.
""",
    ),
    Theme(
        name="measurement confidence",
        said="""
I have to believe the number, otherwise I can [throw away|repeat] the whole series.
two instruments, two readings, and then [the discussion starts|who's right?]
if it drifts and I don't notice, we [release|ship] something we shouldn't.
the third digit matters to us, I know it doesn't to most people.
I check your sensor against [a wet method|our own standard] every [week|month], because I don't quite trust it
  yet.
what I want is a reading I don't need to [think about|check twice].
the uncertainty has to be on the table, an honest one, not the one from the [brochure|leaflet].
we changed the method and suddenly everything was [two|three] per cent higher, so what's true now?
a balance that's a bit off is worse than one that's broken, at least you see that.
we ran the round robin and came out [at the edge|third from the bottom], and nobody knew if it was us or the
  probe.
temperature, people, the bench, there's so much in it, so at least the instrument has to be [boring|stable].
I've seen a batch go in the drain, and [a week later|afterwards] it turned out the reading was wrong.
a colleague of mine puts a sticker on the ones he trusts, and yours [has one|is getting there].
what's the point of [four|five] decimals if the second one moves with the weather?
""",
        then="""
Numbers are all we sell.
Once you've lost that trust it takes years.
So I measure everything twice.
And no, I can't just average it away.
It's about knowing, not about believing.
That's why I'm careful with anything new.
""",
    ),
    Theme(
        name="tied to the old system",
        said="""
everything here runs on air, the [actuators|positioners], the whole loop, I can't just change one piece.
we've been on that pneumatic stuff since my [predecessor's|boss's] days, and it works as long as you've got
  the parts.
I know it's old, but tearing it out means [new cabling|a new cabinet], new people, and a month down.
you stopped making half of it, so I'm buying [second-hand|at auctions], would you believe it.
my [two|three] best people know those old controllers by heart, and [one|two] of them retire next year.
every year you push me to go digital, and every year I've no budget for the whole thing.
if I replace one loop, I've got two worlds in one [panel|control room], and nobody wants that.
we'd go over to electric, but the compressor's paid for and the [air lines|tubes] are there.
the distributor keeps me going with what's left on his shelf, for the old series I mean.
there's a drawing from [1987|1991] on the wall, and that's still what we run.
somebody from your side wanted to sell me a bus system, and I said, and who lays the cable, [you|your boss]?
we took three positioners apart to keep [one|two] alive, that's where we are.
the interlocks are all air, [approved and sealed|signed off years ago], touch one and you do the whole
  approval again.
an offer for the changeover lay on my desk, [two|three] hundred thousand, so it went in the drawer.
""",
        then="""
So we're stuck with it, that's the word.
It isn't love, it's just that I can't get out.
I'm patching, basically.
One day it'll be over, I know that.
And nobody's shown me a way that I could afford.
When the last one breaks we'll see.
""",
    ),
    Theme(
        name="digital convenience",
        said="""
I want to click, see the stock and be done, without [calling|talking to] anybody.
on a phone, in the [cellar|basement], with gloves on, that's how I order.
the shop is fine, but it forgets [what I bought|my list] every time.
scan the code on the old one, get the right new one, that would be [it|perfect for me].
I don't need a rep for a gasket, I need a search box that [works|finds things].
the [big platforms|other shops] do it in two clicks, and you want a form by e-mail.
invoices, certificates, drawings, put it all behind one login and I'm happy.
if it went straight into our ordering system, I'd never [look elsewhere|type an order again].
sending a PDF back and forth, that's how my father [ordered|worked].
why do I have to ask for a quotation for something that's [in the list|forty euros]?
I order [on the train|between two jobs], so it's got to work with one thumb.
the chat thing helped me, I must say, [I had the part number in a minute|no waiting, nothing].
last week the shop was down and I noticed how much I [use it|depend on it].
give my apprentice a login with a limit, and I don't have to [sign every screw|do it myself].
""",
        then="""
Ten minutes saved is ten minutes.
I do it in the evening, when it's quiet.
It really isn't rocket science.
And show me my price, not the list price.
The young ones here expect nothing else.
Then I'd order even the small things from you.
""",
    ),
    Theme(
        name="advice from somebody who knows",
        said="""
I'd like to call one person who's seen a plant like this from the inside.
your man drew it on a [napkin|piece of paper] in five minutes, and he was right.
we do this kind of thing [once|maybe twice] in ten years, so we need somebody who does it every week.
before, there was Herr Whatshisname, who knew our pipes better than I did, and now it's a [hotline|mailbox].
tell me when it does not fit, that's the [advice|answer] I'm looking for.
we got the sizing wrong on our own once, and [it cost us a year|never again].
I don't want a salesman, I want an engineer who [asks|listens] first.
a visit of half a day saved us [three months|a complete redesign].
when it's a strange medium, the catalogue [ends|is no use], and I need a head.
a data sheet tells me what it can do, not what it does in [our soup|my tank].
we had two suppliers in the room, and only one of them asked about the [inlet|pump].
the new lady in the technical office rang back with three questions, and [that convinced me|the third one was
  the point].
if I've got to explain my process from the start each time, I [may as well do it alone|lose the will].
send someone for the start-up, just [the first day|for a morning], it saves us both the mails.
""",
        then="""
People like that are rare.
That's worth more to me than the hardware.
I'd even pay for it.
And please, not a different one each time.
He says what he thinks, that's what I like.
Everything after that is easy.
""",
    ),
)
