"""What deals hold about people: what somebody buys or may buy."""

from crm.deals.models import Deal, DealTag, Pipeline, Stage
from crm.records.personal_data import CRM, declare_tag_links, notes, record_columns
from tenants.personal_data import Category, Erasure, Personal, declare, exempt, technical

# A deal outlives the person, as a figure of the organisation's own; its link to the person goes.
_FIGURE = Personal(Category.COMMERCIAL, CRM, Erasure.ANONYMISE)

declare(
    Deal,
    {
        **record_columns(),
        **notes(),
        **technical("stage", "currency", "closed_at"),
        **dict.fromkeys(("amount", "expected_close_on"), _FIGURE),
        "name": Personal(Category.FREE_TEXT, CRM, Erasure.ANONYMISE, third_party=True),
        "lost_reason": Personal(Category.FREE_TEXT, CRM, Erasure.CLEAR, third_party=True),
        **dict.fromkeys(("company", "contact"), Personal(Category.COMMERCIAL, CRM, Erasure.CLEAR)),
    },
)
declare_tag_links(DealTag, "deal")
exempt(Pipeline, "A way of selling, named by the organisation.")
exempt(Stage, "A step of a pipeline, named by the organisation.")
