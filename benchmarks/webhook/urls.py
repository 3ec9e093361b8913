"""
Our webhook where it always is, and the others.
"""

from django.urls import include, path

from benchmarks.webhook import views

urlpatterns = [
    path("verify/", views.verify),
    path("orm/", views.mark_paid),
    path("one/", views.mark_paid_then_one_task),
    path("six/", views.mark_paid_then_six_tasks),
    path("", include("rms_backend.urls")),
]
