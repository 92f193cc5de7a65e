"""Addresses of accounts outside the admin, the same on an organisation's host and on the platform's."""

from django.urls import path

from tenants.accounts import views

urlpatterns = [
    path("account/set-password/<str:uidb64>/<str:token>/", views.set_password, name="set_password"),
    path("account/language/", views.set_language, name="set_language"),
]
