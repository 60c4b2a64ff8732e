"""What customers write about orders: delivery, spare parts, invoices.

Written as :mod:`segutils.samples.voices.phrases` says.
"""

from segutils.samples.voices.phrases import Topic

DELIVERY = Topic(
    name="delivery delay",
    problem="""
Order {order} was confirmed for [last {weekday}|the end of {month}|{weekday}] and the [shipment|delivery] is
  not here.
The delivery of [the|our|{count} pieces of the] {product} [is {days} days late|was due {days} days ago].
According to the tracking page the [parcel|pallet] with the {product} has been [at the depot|in transit] since
  {weekday}.
[We ordered|In {month} we ordered] {count} x {article}, and the delivery date [has slipped twice|has moved
  by {days} days].
Only [part of|half of|{count} items of] order {order} arrived; the rest of the shipment is [outstanding|still
  open].
I am [trying to find out|asking] when the {product} from order {order} will [leave your warehouse|be
  dispatched].
The dispatch note for {order} is {days} days old, but [goods-in|our warehouse|the gate] has seen no delivery.
Lead time for the {product} was {weeks} weeks; we are past that and [no shipment has left|have no dispatch
  notice].
""",
    detail="""
The fitters are booked for {weekday} and cannot start [before the shipment is here|until the delivery
  arrives].
Our [shutdown|outage|installation window] is in {month}, so the delivery date [has to hold|decides the whole
  schedule].
The [carrier|forwarder] [says the consignment was never handed over|has no pick-up booked|names another
  arrival date].
The order confirmation gives a delivery date of the [3rd|9th|14th|21st|28th] of {month}.
We would take a partial delivery of {count} pieces [now and the rest later|if the warehouse has them].
The delivery address is {site}, [gate 2|not the main gate|as printed on the dispatch papers].
[Express freight|A courier|Collection by our own driver] is an option if the goods are [packed|in your
  warehouse].
It is the [second|third] shipment since {month} that leaves your warehouse after the confirmed date.
""",
    request="""
Please [confirm|send us|name] a [binding|realistic|new] delivery date [today|by {weekday}|for the outstanding
  items].
Could you [check with the carrier|ask the warehouse|trace the shipment] and tell [me|us] when it will arrive?
Please send the tracking number [and the name of the carrier|of the shipment|for {order}].
Is there [stock in another warehouse|any chance of express delivery|a way to bring the dispatch forward]?
We need to know whether [the shipment leaves this week|{weekday} holds for the delivery|the goods are
  dispatched].
Please ship what is available and send the rest [with the next delivery|when your warehouse has it].
""",
    note="""
Order {order}: delivery confirmed for {weekday}, [goods not there|nothing received].
Shipment of the {product} is {days} days behind the confirmed delivery date.
No dispatch notice for {count} x {article}; [carrier knows nothing of it|tracking stops at the depot].
Partial delivery of {order}, the rest of the shipment is open since {month}.
Where is the [parcel|pallet] with the {product}? Tracking has not moved since {weekday}.
Delivery of {article} postponed [again|a second time]; new dispatch date is not in the system.
""",
    wish="""
Needs a binding delivery date by {weekday}.
Tracking number and carrier to be sent.
To be called back once the warehouse has a dispatch date.
Would take a partial shipment.
I said we trace the shipment and call back on {weekday}.
""",
    negative="""
[This is unacceptable|This is simply ridiculous]: every day of delay costs us [money|production|a shift].
I am [very disappointed|frustrated|annoyed] that nobody told us about the delay [before we asked|until today].
[Terrible|Awful|Lousy] communication about this delivery, [once again|from start to finish|I must say].
If this delay goes on we will cancel the order; [we are fed up|it is a disgrace|we are angry enough already].
The waiting is [extremely frustrating|infuriating|a nightmare] for [the whole shift|our planners|everybody
  here].
""",
    positive="""
The driver was [excellent|very friendly|great], by the way, and the packaging [perfect|impressive].
Thank you for keeping us so well informed about the shipment; [much appreciated|that is great service].
Your warehouse people were [wonderful|brilliant|fantastic] with our last delivery, so I am happy to wait a
  little.
""",
    words="""
delivery shipment carrier warehouse dispatch tracking parcel pallet
freight depot forwarder consignment
""",
)
SPARES = Topic(
    name="spare part availability",
    problem="""
We need a [spare|replacement] {part} for the {product} in {site} and [your shop lists it as out of stock|find
  no number].
Is the {part} for {tag} still [available|in stock|made], [or has it been discontinued|and under which part
  number]?
The spare parts list for the {product} [does not show|no longer has|names two numbers for] the {part}.
The {part} of {tag} is worn and we have no spare [on the shelf|in stores|left after {month}].
Your [partner|distributor|web shop] [cannot get|has no stock of] the repair kit with the {part} for our
  {product}.
We are looking for {count} spare {part}s for [an older|our] {product}, [built in 2009|type plate
  attached|probably obsolete].
The {part} you sent as a spare [does not fit the thread|has another part number|is for the successor] of the
  {product}.
Stock of the spare {part} for the {product} has been zero [since {month}|for {weeks} weeks] in [your
  shop|every catalogue].
""",
    detail="""
The {product} stands still without the {part}, [we have patched it with tape|the stand-by unit runs instead].
The type plate says [2007|2009|2011|2014], so the spare may [be obsolete|have a successor part].
A repair kit with seals and gaskets [would do|is enough], the housing [can stay|is sound].
We used to keep {count} of these spares in stores, [and took the last one in {month}|now there are none].
Our stores need the part number, [the old one is not in the catalogue|the drawing has none].
A refurbished or used {part} [would do|is acceptable] until the spare is back in stock.
The [fitter|mechanic] measured the old {part}: [thread G 1/2|38 mm across|five bolts], in case you have to
  match the spare.
We would [put {count} in stock|take a set for our stores] if the spare parts are going to be discontinued.
""",
    request="""
Please tell us [whether the {part} is in stock|the part number of the spare|when the spare will be available
  again].
Can you [reserve|put aside] {count} pieces of the spare {part} for us?
Is there a [compatible|successor|refurbished] part that fits the old {product}?
How long will spare parts for this {product} [be kept in stock|remain available|be made]?
Please send [the exploded drawing|the current spare parts list|the kit contents] for {article}.
Which repair kit [contains the {part}|replaces the obsolete one|do our stores have to order]?
""",
    note="""
Looking for a spare {part} for the {product}, shop shows no stock.
{part} for {tag} worn, no spare in stores.
Are spare parts for the {product} discontinued? Type plate 2009.
Spare {part} does not fit, part number of the successor needed.
Distributor has no repair kit for the {product}, stock zero since {month}.
Needs {count} spare {part}s, old part number not in the catalogue.
""",
    wish="""
To reserve {count} pieces from stock.
Part number of the compatible spare to be sent by {weekday}.
Exploded drawing and spare parts list promised.
Would take a refurbished part.
Stores want to know how long spares stay available.
""",
    negative="""
It is [ridiculous|absurd|shameful] that a plain {part} is not in stock [anywhere|for {weeks} weeks].
We are [angry|fed up|frustrated] because a cheap spare holds up a whole [line|unit|plant].
Nobody at the distributor cares about old parts, and [it is miserable|that is disappointing|we hate it].
[Poor|Terrible|Pathetic] spare parts policy for people who bought [your instruments|from you] for twenty
  years.
With support this [bad|awful|useless] we will replace the lot with another make.
""",
    positive="""
Last time your stores found a spare in [an hour|a day], which was [brilliant|fantastic|amazing].
The repair kits are [excellent|great value|a pleasure to fit], [thank you|we love them].
We are [happy|glad|delighted] that you keep parts for so long, [great support|well done].
""",
    words="""
spare stock replacement kit discontinued obsolete catalogue stores
gasket successor refurbished thread
""",
)
INVOICE = Topic(
    name="invoice or price dispute",
    problem="""
Invoice for order {order} [shows EUR {amount} more than the quotation|is EUR {amount} above the agreed price].
On the invoice for {article} [our discount is missing|the list price was charged|freight was added, not
  agreed].
We were [billed|invoiced|charged] twice for order {order}, [EUR {amount} each time|in {month} and again now].
The price of {article} went up by {value} % [without notice|since the last invoice|against the frame
  contract].
The credit note for the returned {product} [has not been booked|is EUR {amount} short|carries the old invoice
  number].
Your reminder claims EUR {amount} for an invoice [we paid in {month}|that accounting has never received].
The invoice for order {order} has no [purchase order number|VAT number|cost centre], so accounting sent it
  back.
The quotation for {count} x {article} and your [invoice|order confirmation] show different
  [prices|discounts|payment terms].
""",
    detail="""
Our frame contract [sets the price until {month}|gives the discount in annex 2|has a fixed price for {count}
  pieces].
Accounting [has blocked the payment|pays the undisputed part|cannot book the invoice] until the amount is
  clear.
The purchase order says EUR {amount} [net|including freight|less three per cent for early payment].
The discount on the last [three|four|five] invoices was as agreed, [only this one differs|so we trust the
  contract].
The amount in dispute is EUR {amount} [plus VAT|before tax|for {count} pieces].
Payment terms are [30|45|60] days net, and the invoice says [10|14|20].
A copy of the quotation [with the agreed price|and of the purchase order] is attached.
The year-end closing of our accounts is in {month}, and the invoice [has to be booked by then|must be right].
""",
    request="""
Please [send a corrected invoice|issue a credit note|cancel the invoice and bill again] [for EUR {amount}|by
  {weekday}].
Could you [explain the price|check the discount|compare invoice and quotation] and tell our accounting?
Please confirm which price [applies from {month}|is in the contract|holds for {article}].
When will the credit note for EUR {amount} be [booked|paid out|set against the next invoice]?
We ask you to [stop the reminders|extend the payment term|hold the dunning] until the invoice is settled.
Who [in billing|in your accounts department] can settle the amount with our purchasing?
""",
    note="""
Invoice for {order} EUR {amount} above the quotation.
Discount missing on the invoice for {article}, contract price disputed.
Charged twice for {order}, credit note EUR {amount} asked for.
Reminder for an invoice paid in {month}, accounting has proof of payment.
Price of {article} up {value} %, purchasing refers to the frame contract.
Credit note for the returned {product} not booked, amount EUR {amount}.
""",
    wish="""
Corrected invoice to accounting by {weekday}.
Insists on a credit note over EUR {amount}.
Billing to compare quotation and invoice.
Dunning stopped until the price is settled.
Purchasing waits for the price list that applies from {month}.
""",
    negative="""
[That is outrageous|That is plainly unfair], and our purchasing is [angry|furious].
I am [annoyed|upset|disgusted] that a price can change behind our back.
Every month the same [sloppy|terrible|chaotic] invoices, [we are tired of it|it is a disgrace].
An increase like this is a [slap in the face|rip-off|bad joke], and competitors are cheaper.
I find the reminders [insulting|offensive|outrageous] when the mistake is yours.
""",
    positive="""
Your billing department was [very helpful|great|wonderful] last time, [thank you|which we appreciated].
Apart from this [the prices are fair|we are very happy with the contract|billing has been excellent], well
  done.
Thank you for the generous discount, [purchasing was delighted|we are very pleased].
""",
    words="""
invoice price discount credit amount payment accounting billing
quotation contract purchasing reminder
""",
)
