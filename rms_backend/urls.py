"""
All addresses of the web application.
"""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("operations.urls")),
    path("payments/", include("payments.urls")),
    path("admin/", admin.site.urls),
]
