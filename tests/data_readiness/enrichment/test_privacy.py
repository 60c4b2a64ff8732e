"""The privacy log against fields, consents and ages that were laid out by hand."""

import pandas as pd

from segutils.data_readiness.enrichment.privacy import build_contradictions, check_privacy
from segutils.engagement_data import PURPOSES

NAMES = [
    *("table", "column", "purposes", "basis", "consent", "keep_days", "owner", "stated"),
    *("cells", "without_consent", "too_old"),
]
USES = pd.DataFrame(
    [
        ("customers", "customer_id", PURPOSES, "", "", None, "playbook default", False, 0, 0, 0),
        ("customers", "email", ("identity",), "contract", "", None, "DPO", True, 90, 0, 0),
        ("customers", "phone", ("identity",), "contract", "", None, "DPO", True, 80, 0, 0),
        ("customers", "illness", (), "none", "", None, "DPO", True, 70, 0, 0),
        ("customers", "income", ("segmentation",), "consent", "agrees", None, "DPO", True, 60, 40, 0),
        ("customers", "agrees", PURPOSES, "", "", None, "playbook default", False, 0, 0, 0),
        ("events", "all", ("segmentation",), "consent", "agrees", 90, "DPO", True, 500, 300, 50),
        ("events", "event_id", PURPOSES, "", "", None, "playbook default", False, 0, 0, 0),
    ],
    columns=NAMES,
)
COLUMNS = {"customers": ("customer_id", "income", "agrees"), "events": ("event_id",)}
READERS = pd.DataFrame({"notebook": ["2_2_identity"], "purpose": ["identity"]})


def test_each_field_with_a_limit_is_listed_strictest_first():
    finding = check_privacy(USES, COLUMNS, READERS)
    assert finding.status == "pass"
    # seven fields (the rows of events are none); 40 of income, 300 + 50 rows of events
    assert finding.headline == (
        "Of 7 fields, 1 may be used for nothing and 2 only for purposes other than segmenting; 390 values or "
        "rows were left out for want of consent or for their age."
    )
    assert finding.table[["table", "fields", "outcome", "left_out"]].to_numpy().tolist() == [
        ["customers", "illness", "not used at all", 0],
        ["customers", "email, phone", "not used to segment", 0],
        ["customers", "income", "used with limits", 40],
        ["events", "all rows", "used with limits", 350],
    ]
    assert finding.table.kept_for.tolist() == ["no limit", "no limit", "no limit", "90 days"]
    assert "Notebook 2_2_identity may read fields for identity." in finding.notes


def test_a_field_that_can_be_read_against_its_purpose_fails():
    leaking = {**COLUMNS, "customers": (*COLUMNS["customers"], "email")}
    finding = check_privacy(USES, leaking, READERS)
    assert finding.status == "fail" and finding.headline.startswith("customers.email can be read")


def test_fields_about_people_that_nobody_stated_are_named():
    own = ("customers", "shoe_size", PURPOSES, "", "", None, "playbook default", False, 0, 0, 0)
    text = ("tickets", "text", ("enrichment",), "", "", None, "playbook default", False, 9, 0, 0)
    finding = check_privacy(pd.concat([USES, pd.DataFrame([own, text], columns=NAMES)]), COLUMNS, READERS)
    assert finding.status == "caution" and "nobody stated a purpose for 2 fields" in finding.headline
    assert [(need.table, need.columns) for need in finding.needs] == [
        ("engagement file: privacy", ("shoe_size",)),
        ("engagement file: privacy", ("text",)),
    ]


def test_accounts_of_one_firm_that_contradict_each_other():
    customers = pd.DataFrame(
        {
            "customer_id": list("abcdefg"),
            "consent_email": [True, False, True, True, False, False, None],
        }
    )
    links = pd.DataFrame({"customer_id": list("abcdefg"), "entity_id": [1, 1, 2, 2, 3, 4, 4]})
    # firm 1 contradicts itself, firm 2 does not, firm 3 has one account, of firm 4 one account did not answer
    found = build_contradictions(customers, links)
    assert found.to_numpy().tolist() == [["consent_email", 2, 1]]
    finding = check_privacy(USES, COLUMNS, READERS, contradictions=found)
    assert finding.status == "caution"
    assert any(
        note.startswith("consent_email: 1 of 2 customers with several accounts") for note in finding.notes
    )
