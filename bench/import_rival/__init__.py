"""What a Django user has today for importing contacts: django-import-export on a plain model.

A project of its own (settings, one app), run by ``bench.imports`` in a process of its own.
"""
