"""What imports hold about people: in the file and in the rows that were refused."""

from crm.imports.models import Import, ImportReject
from tenants.personal_data import (
    Category,
    Erasure,
    Exempt,
    Personal,
    Purpose,
    declare,
    technical,
)

_CRM = (Purpose.CRM,)

declare(
    Import,
    {
        **technical("id", "kind", "state", "file_bytes", "job_id", "created_at", "started_at", "finished_at"),
        "file": Personal(Category.FREE_TEXT, _CRM, Erasure.DELETE, third_party=True),
        "file_name": Personal(Category.FREE_TEXT, _CRM, Erasure.DELETE, third_party=True),
        "created_by_id": Personal(Category.ACTIVITY, (Purpose.CRM, Purpose.SECURITY), Erasure.CLEAR),
        **dict.fromkeys(("shape", "mapping"), Exempt("Names of columns of the file, and options.")),
        "rules": Exempt("Options of the import."),
        **dict.fromkeys(("dry_run", "counts"), Exempt("Counts, and problems by column; never values.")),
    },
)
declare(
    ImportReject,
    {
        **technical("id", "of_import", "line"),
        "cells": Personal(
            Category.FREE_TEXT,
            _CRM,
            Erasure.DELETE,
            third_party=True,
            shape="a list of the cells of one row, as the file had them",
        ),
        "reasons": Exempt("Codes of problems and names of columns, never values."),
    },
)
