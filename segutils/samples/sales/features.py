"""What the client's digital features are: effort, dependencies, who asks for them and who uses them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A feature that is in use (core or module) or asked for.

    Parameters
    ----------
    name : str
    role : str
        core (all segments use it), module (one does) or asked.
    home : str
        The segment of a module.
    effort : float
        Person-days.
    feasibility : float
    depends_on, modules : tuple of str
        Other features; parts of the platform that it touches.
    adoption : float
        Share of buying accounts that use it: of all, or of its home's.
    uses : float
        A year, of an account that uses it, after the first use.
    shipped : datetime.date
        On this day of the history; without it the feature was there before, or is only asked for.
    """

    name: str
    role: str
    home: str = ""
    effort: float
    feasibility: float
    depends_on: tuple[str, ...] = ()
    modules: tuple[str, ...]
    adoption: float = 0.0
    uses: float = 0.0
    shipped: date | None = None


LOUD, VALUABLE = "Pneumatic signal converter", "Predictive diagnostics"  # first by count, first by value
FEATURES = (
    Feature(
        name="Order tracking",
        role="core",
        effort=60,
        feasibility=0.95,
        modules=("Portal", "Commerce"),
        adoption=0.85,
        uses=14,
    ),
    Feature(
        name="Product finder",
        role="core",
        effort=90,
        feasibility=0.9,
        modules=("Portal",),
        adoption=0.7,
        uses=9,
    ),
    Feature(
        name="Certificate download",
        role="core",
        effort=45,
        feasibility=0.95,
        modules=("Portal", "Service"),
        adoption=0.6,
        uses=6,
    ),
    Feature(
        name="Calibration planner",
        role="core",
        effort=120,
        feasibility=0.85,
        depends_on=("Certificate download",),
        modules=("Service",),
        adoption=0.3,
        uses=5,
        shipped=date(2024, 9, 2),
    ),
    Feature(
        name="Plant asset register",
        role="module",
        home="majors",
        effort=210,
        feasibility=0.8,
        depends_on=("Certificate download",),
        modules=("Device data", "Service"),
        adoption=0.72,
        uses=30,
    ),
    Feature(
        name="Sizing calculator",
        role="module",
        home="projects",
        effort=130,
        feasibility=0.85,
        depends_on=("Product finder",),
        modules=("Engineering",),
        adoption=0.66,
        uses=12,
    ),
    Feature(
        name="Spare-part identification",
        role="module",
        home="maintenance",
        effort=80,
        feasibility=0.9,
        depends_on=("Product finder",),
        modules=("Commerce",),
        adoption=0.58,
        uses=16,
    ),
    Feature(
        name="Method collection",
        role="module",
        home="labs",
        effort=110,
        feasibility=0.85,
        modules=("Device data",),
        adoption=0.62,
        uses=10,
    ),
    Feature(
        name="CAD model export",
        role="module",
        home="builders",
        effort=95,
        feasibility=0.9,
        depends_on=("Product finder",),
        modules=("Engineering",),
        adoption=0.7,
        uses=18,
    ),
    Feature(
        name=LOUD,
        role="asked",
        effort=240,
        feasibility=0.55,
        modules=("Device data",),
    ),
    Feature(
        name=VALUABLE,
        role="asked",
        effort=320,
        feasibility=0.7,
        depends_on=("Plant asset register", "OPC UA interface"),
        modules=("Device data", "Service"),
    ),
    Feature(
        name="OPC UA interface",
        role="asked",
        effort=160,
        feasibility=0.8,
        modules=("Device data",),
    ),
    Feature(
        name="Digital product passport",
        role="asked",
        effort=140,
        feasibility=0.75,
        depends_on=("Certificate download",),
        modules=("Portal", "Engineering"),
    ),
    Feature(
        name="Audit trail export",
        role="asked",
        effort=70,
        feasibility=0.9,
        depends_on=("Method collection",),
        modules=("Service",),
    ),
)
REQUEST_RATES: Mapping[str, Mapping[str, float]] = {  # requests a year of an account that buys
    "majors": {VALUABLE: 0.15, "Calibration planner": 0.06, "OPC UA interface": 0.03},
    "projects": {"Digital product passport": 0.05, "OPC UA interface": 0.02},
    "maintenance": {"Calibration planner": 0.04, LOUD: 0.03, "Digital product passport": 0.02},
    "labs": {"Audit trail export": 0.14, "Calibration planner": 0.14},
    "builders": {"OPC UA interface": 0.12, VALUABLE: 0.08, "Digital product passport": 0.03},
    "legacy": {LOUD: 0.56, "Calibration planner": 0.02},
}
