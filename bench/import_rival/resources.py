"""The two ways: as the documentation starts, and as fast as its options go."""

from import_export import resources

from bench.import_rival.models import Person

COLUMNS = (
    "customer_id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "job_title",
    "country",
    "city",
)


class UpsertResource(resources.ModelResource):  # type: ignore[misc]
    """Creates or updates by email."""

    class Meta:
        model = Person
        fields = COLUMNS
        import_id_fields = ("email",)


class BulkResource(resources.ModelResource):  # type: ignore[misc]
    """Only creates: no look-up, no comparison, no signals."""

    class Meta:
        model = Person
        fields = COLUMNS
        import_id_fields = ("email",)
        use_bulk = True
        batch_size = 5_000
        skip_diff = True
        skip_html_diff = True
        force_init_instance = True
