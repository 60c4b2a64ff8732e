"""What is planted in the tickets: rates, topics, tones, service times and the early warning, by segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from statistics import NormalDist

import numpy as np
import pandas as pd

from segutils.samples.voices.ticket_texts import TOPICS

TOPIC_NAMES = tuple(topic.name for topic in TOPICS)
# Tickets a year, from an account's first order on: what makes a segment dear to serve
RATES: Mapping[str, float] = {
    "majors": 1.25,
    "projects": 0.5,
    "maintenance": 0.34,
    "labs": 0.45,
    "builders": 0.42,
    "legacy": 1.35,
    "everyone": 0.62,
}
EVENNESS = 2.5  # gamma shape of the ticket rate over the accounts of a segment
PROSPECT_RATE = 0.12  # tickets a year of accounts that never order; all of them ask for advice
# shares of: delivery delay, calibration drift, spare parts, invoice or price, software, technical advice
TOPIC_SHARES: Mapping[str, Sequence[float]] = {
    "majors": (0.12, 0.34, 0.1, 0.08, 0.2, 0.16),
    "projects": (0.3, 0.08, 0.04, 0.18, 0.16, 0.24),
    "maintenance": (0.26, 0.08, 0.4, 0.12, 0.06, 0.08),
    "labs": (0.08, 0.42, 0.06, 0.1, 0.22, 0.12),
    "builders": (0.3, 0.06, 0.06, 0.32, 0.12, 0.14),
    "legacy": (0.1, 0.14, 0.46, 0.2, 0.02, 0.08),
}
NO_TOPIC = "none"  # the null client's
ADVICE_TOPIC = "technical advice"
TONES = ("negative", "neutral", "positive")
TONE_SHARES: Mapping[str, Sequence[float]] = {  # by topic …
    "delivery delay": (0.52, 0.38, 0.1),
    "calibration drift": (0.34, 0.5, 0.16),
    "spare part availability": (0.46, 0.42, 0.12),
    "invoice or price dispute": (0.5, 0.42, 0.08),
    "software or configuration": (0.34, 0.48, 0.18),
    "technical advice": (0.08, 0.6, 0.32),
    "none": (0.38, 0.45, 0.17),
}
TEMPER: Mapping[
    str, tuple[float, float]
] = {  # … times this by segment (negative, positive), then made shares again
    "majors": (1.0, 1.0),
    "projects": (1.0, 1.2),
    "maintenance": (0.9, 1.0),
    "labs": (0.6, 1.6),
    "builders": (1.3, 0.8),
    "legacy": (2.0, 0.5),
    "everyone": (1.0, 1.0),
}
PRIORITIES = ("urgent", "high", "normal", "low")
PRIORITY_SHARES: Mapping[str, Sequence[float]] = {
    "majors": (0.16, 0.3, 0.44, 0.1),
    "projects": (0.08, 0.24, 0.5, 0.18),
    "maintenance": (0.1, 0.26, 0.48, 0.16),
    "labs": (0.04, 0.18, 0.54, 0.24),
    "builders": (0.08, 0.28, 0.5, 0.14),
    "legacy": (0.06, 0.2, 0.5, 0.24),
    "everyone": (0.08, 0.24, 0.5, 0.18),
}
TARGET_HOURS = (4, 8, 24, 72)  # first response is due within, by priority; the desk works round the clock
ATTAINMENT: Mapping[str, float] = {  # probability that a normal ticket's first response is within the target
    "majors": 0.93,
    "projects": 0.8,
    "maintenance": 0.74,
    "labs": 0.88,
    "builders": 0.82,
    "legacy": 0.55,
    "everyone": 0.8,
}
HARDER = (
    -0.4,
    -0.2,
    0.0,
    0.3,
)  # by priority, added to the attainment's normal quantile; not in the null client
RESPONSE_SPREAD = 0.9  # standard deviation of log hours to the first response
RESOLUTION_HOURS = (9, 28, 70, 110)  # median from first response to solution, by priority …
RESOLUTION_FACTOR: Mapping[str, float] = {  # … times this by segment
    "majors": 0.8,
    "projects": 1.1,
    "maintenance": 1.0,
    "labs": 0.9,
    "builders": 1.0,
    "legacy": 1.9,
    "everyone": 1.1,
}
RESOLUTION_SPREAD = 0.8
NEVER_RESOLVED = 0.03  # share that stays open for good
ANONYMOUS = 0.07  # share of tickets that nobody assigned to a customer
WEEKEND_MOVED = 0.85  # share of tickets of a weekend that come on the Friday before
RISE_TOPIC, RISE_REGION = "spare part availability", "Grand Est"  # the early warning: …
RISE_DAY = date(2025, 6, 2)  # … from this Monday on, tickets of this topic in this region …
RISE = 4.0  # … come so many times as often
# what a topic can be about; other products that the account bought only if it has none of these
INSTRUMENTS = ("Flow", "Pressure", "Level", "Temperature", "Analytics", "Laboratory")
SOLD = (*INSTRUMENTS, "Pneumatics", "Spare parts")
FITTING: Mapping[str, Sequence[str]] = {
    "delivery delay": SOLD,
    "calibration drift": (*INSTRUMENTS, "Pneumatics"),
    "spare part availability": (*INSTRUMENTS, "Pneumatics"),
    "invoice or price dispute": SOLD,
    "software or configuration": ("Flow", "Level", "Analytics", "Laboratory", "Pressure"),
    "technical advice": INSTRUMENTS,
}
NOUNS: Mapping[str, str] = {  # of product lines; of others "instrument"
    "Coriolis": "Coriolis meter",
    "Magnetic": "magnetic flow meter",
    "Vortex": "vortex meter",
    "Transmitters": "pressure transmitter",
    "Gauges": "pressure gauge",
    "Radar": "radar level sensor",
    "Ultrasonic": "ultrasonic level sensor",
    "Thermocouples": "thermocouple",
    "Resistance": "resistance thermometer",
    "Gas": "gas analyser",
    "Liquid": "liquid analyser",
    "Balances": "balance",
    "Spectrometry": "spectrometer",
    "Positioners": "positioner",
    "Controllers": "pneumatic controller",
    "Seals": "seal kit",
    "Electronics": "electronics module",
}


def plan_rates(*, null: bool) -> pd.DataFrame:
    """How often do accounts of a segment write about a topic, in which tone?

    One row per segment and topic: ``rate`` (tickets a year), ``topic_share``, and shares of the three tones.
    """
    rows = []
    for segment in ("everyone",) if null else TOPIC_SHARES:
        topics = {NO_TOPIC: 1.0} if null else dict(zip(TOPIC_NAMES, TOPIC_SHARES[segment], strict=True))
        for topic, share in topics.items():
            tones = np.array(TONE_SHARES[topic]) * [TEMPER[segment][0], 1, TEMPER[segment][1]]
            planned = dict(zip(TONES, tones / tones.sum(), strict=True))
            rate = RATES[segment] * share
            rows.append({"segment": segment, "topic": topic, "rate": rate, "topic_share": share, **planned})
    return pd.DataFrame(rows)


def plan_service(*, null: bool) -> pd.DataFrame:
    """How fast is a ticket of a segment and priority answered and solved? Hours; spreads are of log hours."""
    rows = []
    for segment in ("everyone",) if null else TOPIC_SHARES:
        quantile = NormalDist().inv_cdf(ATTAINMENT[segment])
        for number, priority in enumerate(PRIORITIES):
            z = quantile + (0 if null else HARDER[number])
            rows.append(
                {
                    "segment": segment,
                    "priority": priority,
                    "share": PRIORITY_SHARES[segment][number],
                    "target_hours": TARGET_HOURS[number],
                    "attainment": NormalDist().cdf(z),
                    "response_median": TARGET_HOURS[number] * np.exp(-RESPONSE_SPREAD * z),
                    "response_spread": RESPONSE_SPREAD,
                    "resolution_median": RESOLUTION_HOURS[number] * RESOLUTION_FACTOR[segment],
                    "resolution_spread": RESOLUTION_SPREAD,
                    "never_resolved": NEVER_RESOLVED,
                }
            )
    return pd.DataFrame(rows)
