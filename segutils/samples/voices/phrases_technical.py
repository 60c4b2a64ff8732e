"""What customers write about instruments: calibration, software, advice.

Written as :mod:`segutils.samples.voices.phrases` says.
"""

from segutils.samples.voices.phrases import Topic

CALIBRATION = Topic(
    name="calibration drift",
    problem="""
The {product} in {site} drifts: [{value} % within {weeks} weeks|it reads {value} % high against our
  reference].
At the [yearly|quarterly|last] calibration {tag} was out of tolerance by {value} %.
Since {month} the zero point of {tag} [wanders|shifts by {value} % a month|has to be adjusted every {days}
  days].
Our reference measurement and the {product} differ by {value} %, [more every week|at all calibration points].
{count} of our {product} units [show the same drift|failed the calibration check|read differently side by
  side].
The as-found values in the calibration certificate of {tag} are [beyond tolerance|{value} % off the
  reference].
After recalibration the {product} [held for {days} days and drifted again|was back at {value} % deviation by
  {weekday}].
The calibration interval of {tag} is twelve months, but the deviation reaches {value} % after {weeks} weeks.
""",
    detail="""
We checked it with [two reference standards|a deadweight tester|a traceable reference], same deviation.
The drift [follows the ambient temperature|starts after each cleaning|is larger at the low end of the range].
Our tolerance is {value} %, [as the validation plan says|half of what we measure|and QA does not sign more].
The calibration certificate is dated {month} and shows [no deviation|a reference uncertainty of 0.1 %].
Readings before adjustment: {value} % at 25 %, slightly more at 50 % and 100 % of span.
The reference was [recalibrated|compared with a national standard] in {month}, so [I trust it|that is not the
  cause].
The next [audit|inspection] is in {month}, and an open deviation on {tag} has to be explained.
The process was stable, [the sensor was not moved|nobody touched the zero|the span was not adjusted].
""",
    request="""
Please arrange a recalibration [on site|in your laboratory] [before the audit|by {weekday}|within {weeks}
  weeks].
Can you send the [calibration certificate|as-found data|uncertainty budget] of the last adjustment?
We need a statement on the [long-term drift|measurement uncertainty|tolerance] of the {product} for our
  deviation report.
Should we shorten the calibration interval, or [exchange the sensor|adjust zero and span ourselves]?
Please tell us [whether this drift is known|what causes the deviation|which reference you use for the
  calibration].
Is a loan unit available while {tag} is [being recalibrated|away for calibration]?
""",
    note="""
{product} in {site} drifts, {value} % against the reference.
{tag} out of tolerance at calibration, deviation {value} %.
Zero of {tag} wanders since {month}, adjusted every {days} days.
Recalibrated in {month}, drift back after {weeks} weeks, reference checked.
As-found values on the calibration certificate are {value} % off, why?
{count} units with the same drift, tolerance in the audit exceeded.
""",
    wish="""
Recalibration on site before the audit.
Needs the certificate with as-found data by {weekday}.
Shorter calibration interval? Laboratory to decide.
Would need a loan unit during recalibration.
Deviation report to be sent, tolerance and uncertainty stated.
""",
    negative="""
[Frankly, this is worrying|I find this alarming]: we cannot trust the readings [any more|of a bad sensor].
A drift like this is [embarrassing|unacceptable|terrible] in front of an auditor.
We are [disappointed|unhappy|frustrated] with the stability of this [sensor|instrument]; it was sold as
  [better|superior].
[What a mess|A disaster for us]: {weeks} weeks of useless measurements.
The last calibration was [sloppy|a waste of money|poor work], and I am annoyed to say so.
""",
    positive="""
Your technician did an excellent job at the last calibration, [thank you|everybody was impressed].
The other units are [wonderfully|impressively|remarkably] stable, we are [very happy|delighted] with them.
The certificates are [perfect|excellent|great] as always, [our auditor loves them|many thanks to your
  laboratory].
""",
    words="""
calibration drift reference deviation tolerance certificate zero span
adjusted uncertainty audit readings
""",
)
SOFTWARE = Topic(
    name="software or configuration",
    problem="""
After the firmware update to {version} the {product} [loses its configuration|does not start|forgets its
  parameters].
We cannot [connect to|configure|parameterise] {tag} over [HART|Modbus|PROFINET|Bluetooth] since software
  version {version}.
The configuration tool {version} [does not recognise|has no driver for|hangs when it reads] the {product}.
The parameters of {tag} [reset|return to factory settings|are lost] after every [restart|power cycle].
The device driver for our control system [is missing|ends with code {count}|does not load] with firmware
  {version}.
How do we copy the configuration of {tag} [to {count} other devices|into the new software|as a file]?
The [display menu|web interface|app] [asks for a password|shows no parameters|is locked] after the software
  update.
Data export from the software [stops at {count} records|has no time stamps|writes empty files] in version
  {version}.
""",
    detail="""
The laptop runs [Windows 11|Windows 10|the company image], the interface is [a USB modem|Ethernet|a HART
  modem].
With the previous firmware the configuration [was read at once|worked over the same interface].
Log file and a screenshot of the [parameter menu|software dialogue|configuration tool] are attached.
The network address is set, the [register map|device description|baud rate] is the one from your manual.
We [reinstalled the driver|reset the device|loaded the parameter file again], [no change|same screen].
Our IT only allows [signed|approved] software, version {version} is [on the list|not signed].
The control system [reads|polls] the device over [Modbus|PROFINET|HART] every {count} seconds.
The licence of the configuration software is [valid until {month}|bound to the old laptop].
""",
    request="""
Please send [the driver|the latest firmware|the device description] for {article}.
Is there a [patch|new release|fix] for version {version}, [and how do we install it|and what does it change]?
Could somebody [walk us through the configuration|log in remotely|look at the parameter file]?
Which firmware [goes with|is needed for|is released for] the {product} and software {version}?
Please tell us how to [restore the factory settings|unlock the menu|back up the configuration].
Can we go back to the previous firmware [without losing the parameters|by USB|over the network]?
""",
    note="""
Firmware {version} on {product}, configuration lost after restart.
No connection to {tag} over [HART|Modbus|PROFINET] since the software update.
Configuration tool {version} does not find the driver for the {product}.
Parameters of {tag} back to factory settings after each power cycle.
Menu locked after firmware update, password unknown.
How to copy the parameter file to {count} devices?
""",
    wish="""
Driver and firmware {version} to be sent by link.
Remote session for the configuration on {weekday}.
Tell him when the software patch comes.
Parameter file received, forwarded to the software team.
Needs the device description for the control system.
""",
    negative="""
The software is [horrible|a nightmare|awful] to use, [as everybody here agrees|sorry to say].
Two days wasted on a [stupid|terrible|broken] update; we are [really annoyed|frustrated|angry].
[Disappointing|Unbelievable and annoying] that such a bug gets past your [tests|quality control].
Your app is [useless|unreliable|a pain], and the help pages [are worse|are terrible].
I am [fed up|unhappy|very frustrated] with updates that break [what worked|a working plant].
""",
    positive="""
The new [interface|menu|app] is [great|a pleasure|excellent], [well done|we love it].
Your remote support was [superb|fantastic|brilliant] last time, [thank you|very patient and helpful].
Apart from that the update is [a nice improvement|impressive|wonderful], and we are happy with it.
""",
    words="""
firmware software configuration parameters driver update modbus menu
password interface version restart
""",
)
ADVICE = Topic(
    name="technical advice",
    problem="""
We are planning [a new application|a second line] in {site} and [wonder which {product} suits|need advice on
  selection].
Is the {product} suitable for [hot caustic|steam|viscous resin|slurry|ultrapure water] at [120|80|16|40] bar?
Which [material|lining|process connection] do you recommend for [acid|brine|syrup|ammonia] at [60|95|140]
  degrees?
Could the {product} be [mounted vertically|installed outdoors|used upstream of a pump] in {site}?
We would like your advice on sizing: [DN 25|DN 50|DN 80], [flow range below 2 m³/h|medium with {value} %
  solids].
What straight [inlet run|pipe length] does the {product} need [downstream of an elbow|with a reducer before
  it]?
We compare [radar and ultrasonic|magnetic and Coriolis|two principles] for [a tank with foam|a viscous
  medium]; which suits?
Does the {product} have an approval for [zone 1|hygienic applications|drinking water], and which version do we
  select?
""",
    detail="""
The medium is [corrosive|sticky|abrasive|clean], [conductive|not conductive], with a density of about
  1.{count}.
Ambient temperature in {site} is between [-20|-10|5] and [35|45|60] degrees.
Pipe is [DN 40|DN 65|DN 100] in [stainless|carbon] steel, mounted [level|upright], flow from [left|below].
Accuracy of {value} % is [sufficient|what the application needs|our design value].
The application is [batch dosing|a clean-in-place loop|custody transfer|a heat meter], {count} cycles a day.
The data sheet gives [no value for this medium|two materials|a range we are at the edge of].
A neighbouring plant uses [another principle|a bypass mounting|a hygienic seal] for the same medium.
The basic design is due in {month}, [dimensions matter more than price|we still can change the pipe].
""",
    request="""
Which version would you [recommend|select|use] for this application?
Please send a [sizing calculation|selection guide|dimension drawing] for the {product}.
Could an application engineer [call|visit|advise] us [on {weekday}|in {month}|about the mounting]?
Do you have a reference application with [this medium|a similar pipe|these temperatures]?
What do you recommend for [material and sealing|mounting and inlet run|range and sizing]?
Please tell us the [suitable material|pressure limit|recommended mounting] for this medium.
""",
    note="""
Is the {product} suitable for [steam|slurry|acid] at [80|120] degrees?
Advice on sizing, medium with {value} % solids, DN 50.
Selection question: radar or ultrasonic for a tank with foam.
Mounting of the {product} outdoors in {site}, which material recommended?
Needs the inlet run for the {product} downstream of an elbow.
New application in {site}, design due in {month}, range and material open.
""",
    wish="""
Application engineer to call on {weekday}.
Sizing calculation to be sent.
Selection guide sent.
Recommend a suitable material, medium data to follow.
Visit for the application in {month} if possible.
""",
    negative="""
The data sheet is [confusing|useless|poor] on this point, [which is frustrating|I am sorry to say].
We got [bad|terrible|contradictory] advice from your partner and [are annoyed|are disappointed].
I have asked three times, and the lack of an answer is [disappointing|annoying|frustrating].
Selecting an instrument from your website is a [pain|nightmare|horrible experience].
The last recommendation was a [disaster|costly failure|bad mistake], so I am [sceptical|unhappy].
""",
    positive="""
Your application engineer was [extremely helpful|brilliant|a great help] last time, [thank you|we appreciated
  it].
The last recommendation was [perfect|excellent|spot on], and we are [very happy|delighted].
We [love|enjoy] working with your advisers, [great people|impressive knowledge].
""",
    words="""
application medium suitable sizing recommend mounting material selection
pipe range engineer advice
""",
)
