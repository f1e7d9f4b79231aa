"""The kinds of events that happen to orders, for those who listen to some of them."""

from router.lifecycle import MOVES

TOLD = frozenset(
    {
        "advice_refused",
        "change_received",
        "change_repeated",
        "entry_posted",
        "fulfilment_left_to_people",
        "fulfilment_recalled",
        "hold_lifted",
        "hold_placed",
        "invoice_issued",
        "line_added",
        "line_rejected",
        "line_repriced",
        "order_conflict",
        "order_received",
        "order_reconsidered",
        "order_redated",
        "order_repeated",
        "posting_withheld",
        "ship_complete_waits",
        "shipment_recorded",
        "shipment_repeated",
    }
)
"""What decisions tell beside the moves of quantities."""

EVENT_KINDS = TOLD | {step.event for step in MOVES.values()}
