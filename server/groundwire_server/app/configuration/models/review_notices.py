"""The section `reviews`: ticketing systems that are notified of reviews, or decide them."""

from pydantic import Field

from groundwire_server.edge.gateway.callback_options import ReviewCallbackOptions
from groundwire_server.review.notice_options import ReceiverName, ReviewWebhooksOptions


class ReviewsConfig(ReviewWebhooksOptions):
    """Ticketing systems that are notified of reviews, or decide them."""

    callbacks: dict[ReceiverName, ReviewCallbackOptions] = Field(
        default_factory=dict,
        max_length=16,
        description="Ticketing systems that may decide reviews by signed calls of the gateway, by name.",
    )
