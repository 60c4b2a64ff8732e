"""What a contact costs, by hand: booked before stated, stated for its channel only."""

import ibis
import numpy as np
import pandas as pd
import pytest

from segutils.statistics.contact_costs import price_contacts

CONTACTS = pd.DataFrame({"campaign_id": ["C1", "C2", "C3", "C4"], "contacts": [200, 50, 10, np.nan]})
CAMPAIGNS = pd.DataFrame(
    {
        "campaign_id": ["C1", "C2", "C3", "C4"],
        "channel": ["post", "email", None, "post"],
        "cost": [500.0, None, None, 80.0],
    }
)
COSTS = pd.DataFrame(
    [
        (0.05, "message", "email", "Ann"),
        (0.09, "message", "email", "Bob"),
        (1.9, "message", "post", "Cy"),
        (7.0, "order", "post", "Di"),
    ],
    columns=["amount", "per", "channel", "owner"],
)


def test_booked_then_stated():
    found = price_contacts(CONTACTS, ibis.memtable(CAMPAIGNS), COSTS).set_index("campaign_id")
    # C1: 500 / 200; C2: the first price of an e-mail; C3: nobody says how; C4: booked, but nobody contacted
    assert found.cost_per_contact.to_list() == pytest.approx([2.5, 0.05, np.nan, 1.9], nan_ok=True)
    assert found.basis.to_list() == ["booked", "stated", "", "stated"]
    assert found.owner.to_list() == ["", "Ann", "", "Cy"]


@pytest.mark.parametrize("campaigns", [None, CAMPAIGNS[["campaign_id"]]])
def test_nothing_known(campaigns):
    given = None if campaigns is None else ibis.memtable(campaigns)
    found = price_contacts(CONTACTS, given, COSTS)
    assert len(found) == 4 and found.cost_per_contact.isna().all() and (found.basis == "").all()
    none = price_contacts(CONTACTS.iloc[:0], given)
    assert none.empty and none.columns.to_list() == found.columns.to_list()
