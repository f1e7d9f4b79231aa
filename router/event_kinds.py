"""The kinds of events that happen to orders, for those who listen to some of them."""

from router.lifecycle import MOVES, TALLIES

TOLD = frozenset(
    {
        "advice_refused",
        "answer_ignored",
        "answer_overdue",
        "change_received",
        "change_repeated",
        "credit_issued",
        "entry_posted",
        "fulfilment_left_to_people",
        "fulfilment_recalled",
        "hold_kept",
        "hold_lifted",
        "hold_overdue",
        "hold_placed",
        "invoice_issued",
        "line_added",
        "line_rejected",
        "line_repriced",
        "line_substituted",
        "order_conflict",
        "order_readdressed",
        "order_received",
        "order_reconsidered",
        "order_redated",
        "order_repeated",
        "order_taxed",
        "order_withdrawn",
        "posting_withheld",
        "question_answered",
        "question_asked",
        "question_refused",
        "question_superseded",
        "receipt_refused",
        "receipt_repeated",
        "reservations_lapsed",
        "return_authorized",
        "return_denied",
        "return_left_to_people",
        "return_received",
        "return_repeated",
        "return_requested",
        "return_waits",
        "return_withdrawn",
        "ship_complete_waits",
        "shipment_recorded",
        "shipment_repeated",
        "tax_recorded",
        "went_on_without_answer",
    }
)
"""What decisions tell beside the moves of quantities."""

EVENT_KINDS = TOLD | {step.event for step in MOVES.values()} | {tally.event for tally in TALLIES.values()}
